//! `midwatch scan` as people run it: planted matches in every kind of file, faults told, exit codes as those of grep.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const LIST: &str = "# planted\nshop[.]example\n198.51.100.7\nhttp://files.example/gate.php\n9e107d9d372bb6826bd81d3542a419d6\n203.0.113.0/24\nmutex,Global\\one two\n";

fn midwatch(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
    command
        .arg("scan")
        .args(args)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(folder: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut child = midwatch(folder, args).spawn().unwrap();
    // Who reads no input may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// Code, standard output, standard error.
fn said(out: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        out.status.code().unwrap(),
        text(&out.stdout),
        text(&out.stderr),
    )
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("list.txt"), LIST).unwrap();
    folder
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// File, line, value of every match.
fn matches(jsonl: &str) -> Vec<(String, u64, String)> {
    let read = |line: &str| {
        let it: Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| it[name].as_str().unwrap().to_owned();
        (word("file"), it["line"].as_u64().unwrap(), word("value"))
    };
    let mut all: Vec<_> = jsonl.lines().map(read).collect();
    all.sort();
    all
}

#[test]
fn planted_values_are_found_in_every_kind_of_file() {
    let folder = folder();
    let logs = folder.path().join("logs");
    std::fs::create_dir_all(logs.join("old")).unwrap();
    let plain = b"10:00 start\n10:01 query cdn.shop.example from 10.0.0.5\n10:02 GET http://files.example/gate.php?id=9\n";
    let csv = b"time,src,hash\n1,198.51.100.7,9E107D9D372BB6826BD81D3542A419D6\n2,203.0.113.99,-\n";
    let json =
        b"{\"m\":\"opened Global\\\\one two\"}\n{\"u\":\"http:\\/\\/files.example\\/gate.php\"}\n";
    let wide: Vec<u8> = "\u{feff}a\r\nfrom 198.51.100.7\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(logs.join("a.log"), plain).unwrap();
    std::fs::write(logs.join("b.csv"), csv).unwrap();
    std::fs::write(logs.join("c.jsonl.gz"), gz(json)).unwrap();
    std::fs::write(
        logs.join("d.log.zst"),
        zstd::encode_all(plain.as_slice(), 1).unwrap(),
    )
    .unwrap();
    std::fs::write(logs.join("old/e.log"), wide).unwrap();
    std::fs::write(
        logs.join("old/f.log"),
        b"nothing\xff\xfe here 10.0.0.1 example.org\n",
    )
    .unwrap();

    let out = run(
        folder.path(),
        &["-i", "list.txt", "--format", "jsonl", "logs"],
        b"",
    );
    let (code, found, told) = said(&out);
    let wanted = [
        ("logs/a.log", 2, "shop.example"),
        ("logs/a.log", 3, "http://files.example/gate.php"),
        ("logs/b.csv", 2, "198.51.100.7"),
        ("logs/b.csv", 2, "9e107d9d372bb6826bd81d3542a419d6"),
        ("logs/b.csv", 3, "203.0.113.0/24"),
        ("logs/c.jsonl.gz", 1, "Global\\one two"),
        ("logs/c.jsonl.gz", 2, "http://files.example/gate.php"),
        ("logs/d.log.zst", 2, "shop.example"),
        ("logs/d.log.zst", 3, "http://files.example/gate.php"),
        ("logs/old/e.log", 2, "198.51.100.7"),
    ];
    assert_eq!(
        matches(&found),
        wanted.map(|(file, line, value)| (file.to_owned(), line, value.to_owned()))
    );
    assert_eq!(code, 0);
    assert!(
        told.contains("10 matches in 6 files") && told.contains("6 indicators"),
        "{told}"
    );
}

#[test]
fn a_pipe_a_saved_segment_and_no_match() {
    let folder = folder();
    let out = run(
        folder.path(),
        &["-i", "list.txt", "--save", "list.segment", "-"],
        b"x 198.51.100.7 \x1b[2Jy\n",
    );
    let (code, found, _) = said(&out);
    assert_eq!(
        (code, found.as_str()),
        (0, "-:1: ipv4 198.51.100.7  x 198.51.100.7 [2Jy\n")
    );
    let again = run(
        folder.path(),
        &["-i", "list.segment"],
        b"x\nwww.shop.example\n",
    );
    let (code, found, _) = said(&again);
    assert!(
        code == 0 && found.starts_with("-:2: domain shop.example"),
        "{found}"
    );
    let (code, found, told) = said(&run(folder.path(), &["-i", "list.segment"], b"nothing\n"));
    assert_eq!((code, found.as_str()), (1, ""), "{told}");
    let mut cut = std::fs::read(folder.path().join("list.segment")).unwrap();
    cut.truncate(cut.len() - 9);
    std::fs::write(folder.path().join("cut.segment"), cut).unwrap();
    let (code, _, told) = said(&run(folder.path(), &["-i", "cut.segment"], b"x\n"));
    assert!(
        code == 2 && told.contains("cut.segment: ends before its end"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
    let folder = folder();
    let noise: String = (0..40_000_u32)
        .map(|i| format!("{:x} 198.51.100.7\n", i.wrapping_mul(2_654_435_761)))
        .collect();
    let whole = gz(noise.as_bytes());
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    std::fs::write(logs.join("a.gz"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(logs.join("b.zip"), b"PK\x03\x04 shop.example").unwrap();
    std::fs::write(logs.join("c.gz"), gz(&vec![b'0'; 80 << 20])).unwrap();
    std::fs::write(logs.join("d.log"), "shop.example\n").unwrap();
    let out = run(
        folder.path(),
        &["-i", "list.txt", "--format", "jsonl", "logs", "missing"],
        b"",
    );
    let (code, found, told) = said(&out);
    assert_eq!(code, 2);
    for reason in [
        "logs/a.gz: ends before its end",
        "logs/b.zip: holds a ZIP archive",
        "logs/c.gz: stopped:",
        "missing: No such file",
    ] {
        assert!(told.contains(reason), "{reason}: {told}");
    }
    let found = matches(&found);
    assert!(
        found
            .iter()
            .filter(|(file, ..)| file == "logs/a.gz")
            .count()
            > 1_000
    );
    assert!(found.contains(&("logs/d.log".to_owned(), 1, "shop.example".to_owned())));
}

#[test]
fn a_file_that_grows_is_followed_across_its_rotation() {
    let folder = folder();
    let log = folder.path().join("app.log");
    std::fs::write(&log, "old 198.51.100.7\n").unwrap();
    let mut child = midwatch(folder.path(), &["-i", "list.txt", "--follow", "app.log"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().starts_with("app.log:1: ipv4 198.51.100.7"));
    let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
    // A line in two pieces counts when it is whole.
    file.write_all(b"half shop.exam").unwrap();
    file.write_all(b"ple\n").unwrap();
    assert!(next().starts_with("app.log:2: domain shop.example"));
    std::fs::rename(&log, folder.path().join("app.log.1")).unwrap();
    std::fs::write(&log, "new\n203.0.113.9\n").unwrap();
    assert!(next().starts_with("app.log:2: cidr 203.0.113.0/24"));
    child.kill().unwrap();
    child.wait().unwrap();
}
