use super::*;
use crate::causes::chain;
use crate::decode::{Content, DecodeError, Opened};
use std::io::Write;

/// A member's name, and its text or why there is none.
type Told = (String, Result<String, String>);

/// What came out of an archive: each member's name with its text or why there is none, and how the archive ended.
fn read(stored: Vec<u8>) -> (Vec<Told>, Option<String>) {
    let opened = Opened::new(Box::new(io::Cursor::new(stored)), None).map(|opened| opened.content);
    let mut archive = match opened {
        Ok(Content::Archive(archive)) => archive,
        Ok(Content::Records(_)) => panic!("no archive"),
        Err(error) => return (Vec::new(), Some(chain(&error))),
    };
    let mut members = Vec::new();
    loop {
        match archive.next_member() {
            Ok(Some(member)) => {
                let mut text = Vec::new();
                let read = member.body.and_then(|mut body| {
                    body.read_to_end(&mut text).map_err(|source| DecodeError::Member { source })
                });
                let name = String::from_utf8_lossy(&member.name).into_owned()
                    + &"#".repeat(member.turn as usize - 1);
                let text = String::from_utf8_lossy(&text).into_owned();
                members.push((name, read.map(|_| text).map_err(|error| chain(&error))));
            }
            Ok(None) => return (members, None),
            Err(error) => return (members, Some(chain(&error))),
        }
    }
}

fn tar(members: &[(&[u8], &str)]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        // Names as no library would write them.
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
        header.set_cksum();
        builder.append(&header, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn ok(name: &str, text: &str) -> Told {
    (name.to_owned(), Ok(text.to_owned()))
}

#[test]
fn tars_that_are_joined_are_read_and_padding_is_not() {
    let (one, two) = (tar(&[(b"a.log", "one")]), tar(&[(b"b.log", "two")]));
    let both = [ok("a.log", "one"), ok("b.log", "two")];
    for (stored, expected) in [
        ([&one[..], &[0; 9_216], &two].concat(), &both[..]),
        ([&one[..], &[0; 700]].concat(), &both[..1]),
        ([&one[..], b"junk"].concat(), &both[..1]),
        ([&one[..], &[7; 2_048], &two].concat(), &both[..1]),
    ] {
        assert_eq!(read(stored), (expected.to_vec(), None));
    }
}

#[test]
fn tar_members_come_in_their_order_whatever_their_names() {
    let long = "x".repeat(700);
    let stored = tar(&[
        (b"./a.log", "one"),
        (b"/etc/passwd", ""),
        (b"../../b\n.log", &long),
        (b"c\xff", "three"),
        (b"c\xff", "four"),
        (b".hidden", "no"),
        (b"d/_x/e", "no"),
    ]);
    let expected = [
        ok("./a.log", "one"),
        ok("/etc/passwd", ""),
        ok("../../b\n.log", &long),
        ok("c\u{fffd}", "three"),
        ok("c\u{fffd}#", "four"),
    ];
    assert_eq!(read(stored.clone()), (expected.to_vec(), None));
    let gz = zstd::encode_all(&stored[..], 1).unwrap();
    assert_eq!(read(gz), (expected.to_vec(), None));
    // Without the two blocks at the end.
    let all = stored.len() - 1024;
    assert_eq!(read(stored[..all].to_vec()).0, expected);
}

#[test]
fn long_names_links_and_folders() {
    let mut builder = ::tar::Builder::new(Vec::new());
    let long = "d/".repeat(120) + "e.log";
    let mut header = ::tar::Header::new_gnu();
    header.set_size(3);
    builder.append_data(&mut header, &long, &b"abc"[..]).unwrap();
    let mut folder = ::tar::Header::new_gnu();
    folder.set_entry_type(::tar::EntryType::Directory);
    folder.set_size(0);
    builder.append_data(&mut folder, "d", &b""[..]).unwrap();
    let mut link = ::tar::Header::new_gnu();
    link.set_entry_type(::tar::EntryType::Symlink);
    link.set_size(0);
    builder.append_link(&mut link, "l", "/etc/shadow").unwrap();
    builder.append_pax_extensions([("path", &b"p\nq"[..]), ("size", b"2")]).unwrap();
    let mut header = ::tar::Header::new_ustar();
    header.set_size(2);
    builder.append_data(&mut header, "ignored", &b"de"[..]).unwrap();
    let stored = builder.into_inner().unwrap();
    assert_eq!(read(stored), (vec![ok(&long, "abc"), ok("p\nq", "de")], None));
}

#[test]
fn a_member_of_an_impossible_length_ends_the_archive() {
    for size in [u64::MAX, u64::MAX - 511, 1 << 63] {
        let mut builder = ::tar::Builder::new(Vec::new());
        builder.append_pax_extensions([("size", size.to_string().as_bytes())]).unwrap();
        let mut header = ::tar::Header::new_ustar();
        header.set_size(2);
        builder.append_data(&mut header, "a", &b"de"[..]).unwrap();
        let (members, end) = read(builder.into_inner().unwrap());
        assert!(members.iter().all(|(_, found)| found.is_err()) && members.len() == 1, "{members:?}");
        assert!(end.is_some(), "{size}");
    }
}

#[test]
fn a_cut_tar_gives_what_there_is() {
    let text = "y".repeat(2000);
    let stored = tar(&[(b"a", &text), (b"b", &text)]);
    for length in [513, 1500, 2400, 2500, 2600, 3500, 5000] {
        let (members, end) = read(stored[..length].to_vec());
        let whole = members.iter().filter(|(_, found)| found.as_ref() == Ok(&text)).count();
        assert_eq!(whole, usize::from(length >= 2512) + usize::from(length >= 5072), "{length}");
        let told = end.is_some() || members.iter().any(|(_, text)| text.is_err());
        assert!(told, "{length}");
    }
    let mut garbled = stored;
    garbled[2560 + 3] = b'?';
    let (members, end) = read(garbled);
    assert_eq!(members, [ok("a", &text)]);
    assert!(end.unwrap().contains("after 1 members"));
}

/// A zip as its parts say, in the few methods that tests need.
struct ZipMember {
    name: Vec<u8>,
    method: u16,
    flags: u16,
    stored: Vec<u8>,
    size: u32,
    crc: u32,
}

impl ZipMember {
    fn new(name: &[u8], method: u16, text: &str) -> Self {
        let stored = match method {
            8 => {
                let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(text.as_bytes()).unwrap();
                encoder.finish().unwrap()
            }
            12 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(text.as_bytes()).unwrap();
                encoder.finish().unwrap()
            }
            93 => zstd::encode_all(text.as_bytes(), 1).unwrap(),
            _ => text.as_bytes().to_vec(),
        };
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        Self { name: name.to_vec(), method, flags: 0, stored, size: text.len() as u32, crc: crc.sum() }
    }

    fn header(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in [20, self.flags, self.method, 0, 0x21] {
            bytes.extend(word.to_le_bytes());
        }
        for long in [self.crc, self.stored.len() as u32, self.size] {
            bytes.extend(long.to_le_bytes());
        }
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend(0_u16.to_le_bytes());
        bytes
    }
}

fn zip(members: &[ZipMember]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let start = file.len() as u32;
        file.extend(b"PK\x03\x04");
        file.extend(member.header());
        file.extend(&member.name);
        file.extend(&member.stored);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(member.header());
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(&member.name);
    }
    let start = file.len() as u32;
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    let count = (members.len() as u16).to_le_bytes();
    file.extend([count, count].concat());
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend(0_u16.to_le_bytes());
    file
}

#[test]
fn zip_members_of_every_method() {
    let text = "line\n".repeat(9);
    let members: Vec<_> = [(&b"../s"[..], 0), (b"d\\e", 8), (b"b", 12), (b"z\xff", 93)]
        .into_iter()
        .map(|(name, method)| ZipMember::new(name, method, &text))
        .chain([ZipMember::new(b"folder/", 0, ""), ZipMember::new(b"__MACOSX/._b", 0, "no")])
        .collect();
    let expected = vec![ok("../s", &text), ok("d\\e", &text), ok("b", &text), ok("z\u{fffd}", &text)];
    assert_eq!(read(zip(&members)), (expected, None));
    assert_eq!(read(zip(&[])), (vec![], None));
}

#[test]
fn zip_members_that_cannot_be_read_say_why_and_cost_only_themselves() {
    let mut sealed = ZipMember::new(b"sealed", 0, "secret");
    sealed.flags = 1;
    let mut garbled = ZipMember::new(b"garbled", 0, "text");
    garbled.crc ^= 1;
    let mut odd = ZipMember::new(b"odd", 98, "text");
    odd.stored = b"????".to_vec();
    let (members, end) = read(zip(&[sealed, garbled, odd, ZipMember::new(b"good", 8, "text")]));
    let why = |at: usize| members[at].1.clone().unwrap_err();
    assert!(why(0).contains("encrypted"), "{}", why(0));
    assert!(why(1).contains("checksum"), "{}", why(1));
    assert!(why(2).contains("method"), "{}", why(2));
    assert_eq!((members[3].clone(), end), (ok("good", "text"), None));
}

#[test]
fn a_cut_zip_has_no_directory_and_says_so() {
    let stored = zip(&[ZipMember::new(b"a", 8, "text")]);
    let (members, end) = read(stored[..stored.len() - 10].to_vec());
    assert_eq!(members, []);
    assert!(end.unwrap().starts_with("the zip archive is cut off or damaged"));
}

#[test]
fn what_is_no_archive_is_none() {
    for text in ["PK", "{\"a\":1}\n", "", &"a".repeat(600)] {
        let opened = Opened::new(Box::new(io::Cursor::new(text.as_bytes().to_vec())), None).unwrap();
        assert!(matches!(opened.content, Content::Records(_)), "{text}");
    }
}
