//! Archives: any bytes end well, and a member's name is only a name.

use std::io::{Cursor, Read};

use kubetrawl::decode::{Content, Opened};

/// Members that are looked at, and bytes of each.
const MEMBERS: usize = 100;
const MOST: u64 = 1 << 20;

pub fn check(data: &[u8]) {
    let Ok(opened) = Opened::new(Box::new(Cursor::new(data.to_vec())), None) else { return };
    let Content::Archive(mut archive) = opened.content else { return };
    for _ in 0..MEMBERS {
        let Ok(Some(member)) = archive.next_member() else { return };
        assert!(member.turn > 0, "{:?}", member.name);
        if let Ok(body) = member.body {
            let _ = body.take(MOST).read_to_end(&mut Vec::new());
        }
    }
}
