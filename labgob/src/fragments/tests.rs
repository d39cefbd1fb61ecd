use serde::Serialize;

use super::index::MAX_COST;
use super::*;
use crate::{encode, encode_into};

#[derive(Clone, Serialize)]
struct Entry {
    term: u64,
    command: Vec<u8>,
}

fn entry(number: u64) -> Entry {
    Entry {
        term: number / 7,
        command: format!("command {number}, {}", "x".repeat(number as usize % 50)).into(),
    }
}

/// Appends the encoding of a value, and makes it known.
fn append<T: Serialize>(fragments: &mut Fragments, bytes: &mut Vec<u8>, value: &T) {
    let start = bytes.len();
    encode_into(value, bytes).unwrap();
    fragments.add(&bytes[start..], &Value::of(value).unwrap());
}

/// The pieces, which must be all of `saved`, in order.
fn read(fragments: &mut Fragments, saved: &[u8]) -> Vec<Piece> {
    let pieces = fragments.read(saved).to_vec();
    let mut end = 0;
    for piece in &pieces {
        assert_eq!(piece.range().start, end);
        assert!(piece.range().end > end);
        end = piece.range().end;
    }
    assert_eq!(end, saved.len());
    pieces
}

fn shown(pieces: &[Piece]) -> Vec<String> {
    let shown = |piece: &Piece| match piece {
        Piece::Value(value, _) => value.to_string(),
        Piece::Bytes(range) => format!("{} bytes", range.len()),
    };
    pieces.iter().map(shown).collect()
}

fn unknown(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| if let Piece::Bytes(range) = piece { range.len() } else { 0 }).sum()
}

/// Where the text of an entry is in memory: the same for one value only.
fn address(piece: &Piece) -> *const u8 {
    let Piece::Value(value, _) = piece else { panic!("{piece:?} is no value") };
    value.inner().unwrap().get("command").unwrap().as_bytes().unwrap().as_ptr()
}

/// Entries that stay encoded, and a header behind them that is written anew at each save.
struct Log {
    fragments: Fragments,
    entries: Vec<u64>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Log {
    fn new() -> Self {
        Self { fragments: Fragments::new(), entries: Vec::new(), bytes: Vec::new(), ends: Vec::new() }
    }

    fn append(&mut self, number: u64) {
        append(&mut self.fragments, &mut self.bytes, &Some(entry(number)));
        self.ends.push(self.bytes.len());
        self.entries.push(number);
    }

    fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
        self.ends.truncate(len);
        self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// All entries are encoded again, as after a snapshot.
    fn rewrite(&mut self, first: usize) {
        let entries = self.entries.split_off(first);
        self.truncate(0);
        entries.into_iter().for_each(|number| self.append(number));
    }

    fn save(&mut self, term: u64) -> Vec<Piece> {
        let mut saved = self.bytes.clone();
        append(&mut self.fragments, &mut saved, &(None::<Entry>, (term, Some(1usize), 0u64)));
        let pieces = read(&mut self.fragments, &saved);
        assert_eq!(pieces.len(), self.entries.len() + 1);
        for (piece, number) in pieces.iter().zip(&self.entries) {
            let Piece::Value(value, _) = piece else { panic!("{piece:?} is no value") };
            assert_eq!(*value, Value::of(&Some(entry(*number))).unwrap());
        }
        assert_eq!(shown(&pieces).last().unwrap(), &format!("(None, ({term}, Some(1), 0))"));
        pieces
    }
}

#[test]
fn a_log_that_stays_encoded_is_its_entries_and_its_header() {
    let mut log = Log::new();
    log.save(1);
    for number in 0..300 {
        log.append(number);
        log.save(number / 10);
    }
    log.truncate(250);
    log.save(40);
    log.append(1000);
    log.append(1001);
    let before = log.save(41);
    log.append(1002);
    let after = log.save(41);
    assert!(before[..252].iter().zip(&after).all(|(before, after)| address(before) == address(after)));
    log.rewrite(100);
    log.save(41);
    log.append(1003);
    log.save(42);
    log.truncate(0);
    log.save(43);
}

#[test]
fn a_new_header_before_a_log_that_grows_changes_no_piece_of_it() {
    let mut fragments = Fragments::new();
    let mut log = Vec::new();
    for number in 0..300_u64 {
        // Some saves come without a new entry, and some with several.
        for step in 0..number % 3 {
            append(&mut fragments, &mut log, &entry(3 * number + step));
        }
        let mut saved = Vec::new();
        append(&mut fragments, &mut saved, &(number, Some(1_usize), "header"));
        saved.extend_from_slice(&log);
        let pieces = read(&mut fragments, &saved);
        assert_eq!(
            (pieces.len() as u64, unknown(&pieces)),
            (1 + (0..=number).map(|it| it % 3).sum::<u64>(), 0)
        );
        assert_eq!(shown(&pieces)[0], format!("({number}, Some(1), \"header\")"));
    }
    // The log is cut, at its end and at its beginning.
    for kept in [0..log.len() / 2, log.len() / 4..log.len()] {
        let mut saved = Vec::new();
        append(&mut fragments, &mut saved, &(7_u64, Some(2_usize), "header"));
        let header = saved.len();
        saved.extend_from_slice(&log[kept]);
        let pieces = read(&mut fragments, &saved);
        assert!(pieces[0].range() == (0..header), "{pieces:?}");
    }
}

#[test]
fn one_encode_is_one_piece() {
    let mut fragments = Fragments::new();
    for term in 0..100u64 {
        let state = (term, Some(2usize), (0..term).map(entry).collect::<Vec<_>>());
        let mut saved = Vec::new();
        append(&mut fragments, &mut saved, &state);
        let pieces = read(&mut fragments, &saved);
        assert_eq!(pieces, [Piece::Value(Value::of(&state).unwrap(), 0..saved.len())]);
    }
}

#[test]
fn a_whole_encoding_is_preferred_to_its_parts() {
    let mut fragments = Fragments::new();
    let (mut saved, mut once_more) = (Vec::new(), Vec::new());
    append(&mut fragments, &mut saved, &7u64);
    append(&mut fragments, &mut saved, &300u64);
    assert_eq!(shown(&read(&mut fragments, &saved)), ["7", "300"]);
    append(&mut fragments, &mut once_more, &(7u64, 300u64));
    assert_eq!(once_more, saved);
    // After an unrelated save no pieces are kept, so the encoding of the whole is found.
    fragments.read(&[1]);
    assert_eq!(shown(&read(&mut fragments, &saved)), ["(7, 300)"]);
}

#[test]
fn bytes_that_were_not_encoded_are_unknown() {
    let mut fragments = Fragments::new();
    assert!(fragments.read(&[]).is_empty());
    assert_eq!(read(&mut fragments, &[1, 2, 3]), [Piece::Bytes(0..3)]);
    let mut saved: Vec<u8> = (0..5_000u32).map(|byte| ((byte * 7) >> 2) as u8).collect();
    for change in 0..200 {
        match change % 3 {
            0 => saved.extend_from_slice(&[1, 2, 3]),
            1 => saved[2_000 + change] ^= 1,
            _ => drop(saved.drain(1_000..1_000 + change / 10)),
        }
        assert_eq!(read(&mut fragments, &saved), [Piece::Bytes(0..saved.len())], "change {change}");
    }
    // Encodings between bytes of one's own, and those are one piece where they meet.
    let mut mixed = saved[..700].to_vec();
    append(&mut fragments, &mut mixed, &entry(1));
    mixed.extend_from_slice(&saved[700..1_400]);
    append(&mut fragments, &mut mixed, &entry(2));
    let pieces = read(&mut fragments, &mixed);
    let known = [Value::of(&entry(1)).unwrap().to_string(), Value::of(&entry(2)).unwrap().to_string()];
    assert_eq!(shown(&pieces), ["700 bytes", &known[0], "700 bytes", &known[1]]);
    mixed.drain(700..pieces[1].range().end);
    assert_eq!(shown(&read(&mut fragments, &mixed)), ["1400 bytes", &known[1]]);
}

#[test]
fn short_encodings_are_chosen_so_that_they_cover_most() {
    let mut fragments = Fragments::new();
    let mut saved = Vec::new();
    append(&mut fragments, &mut saved, &5u64);
    append(&mut fragments, &mut saved, &true);
    assert_eq!(shown(&read(&mut fragments, &saved)), ["5", "true"]);
    // It begins with the same byte as `5`, and goes on.
    let mut longer = Vec::new();
    append(&mut fragments, &mut longer, &(5u64, 77u64));
    assert_eq!(shown(&read(&mut fragments, &longer)), ["(5, 77)"]);
    longer.extend_from_slice(&saved);
    assert_eq!(shown(&read(&mut fragments, &longer)), ["(5, 77)", "5", "true"]);
    // The same byte means what was encoded last, and what was there before means what it meant.
    append(&mut fragments, &mut longer, &1u8);
    assert_eq!(shown(&read(&mut fragments, &longer)), ["(5, 77)", "5", "true", "1"]);
    // Greedy from the left would take the two that leave a byte over.
    let mut fragments = Fragments::new();
    for bytes in [&[9u8, 9][..], &[9, 9, 9], &[8], &[9, 8, 8]] {
        fragments.add(bytes, &Value::of(bytes).unwrap());
    }
    assert_eq!(read(&mut fragments, &[9, 9, 9, 8, 8]).len(), 2);
    assert_eq!(unknown(&read(&mut fragments, &[7, 9, 9, 9, 7, 9, 9])), 2);
}

/// The least that any way of reading leaves unknown, and the fewest pieces then.
fn best(known: &[Vec<u8>], saved: &[u8]) -> (usize, usize) {
    // From the end: with a known piece or nothing before, and with unknown bytes before.
    let mut rest = vec![[(0, 0); 2]; saved.len() + 1];
    for start in (0..saved.len()).rev() {
        for after_unknown in [0, 1] {
            let (unknown, pieces) = rest[start + 1][1];
            let mut least = (unknown + 1, pieces + 1 - after_unknown);
            for piece in known.iter().filter(|piece| saved[start..].starts_with(piece)) {
                let (unknown, pieces) = rest[start + piece.len()][0];
                least = least.min((unknown, pieces + 1));
            }
            rest[start][after_unknown] = least;
        }
    }
    rest[0][0]
}

#[test]
fn as_few_bytes_as_possible_are_unknown() {
    let mut state = 1u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..2_000 {
        let mut bytes = |len| (0..len).map(|_| random(3) as u8).collect::<Vec<_>>();
        let known: Vec<_> = (0..6).map(|piece| bytes(piece % 4 + 1)).collect();
        let saved = bytes(30);
        let mut fragments = Fragments::new();
        for piece in &known {
            fragments.add(piece, &Value::of(&piece).unwrap());
        }
        let pieces = read(&mut fragments, &saved);
        assert_eq!((unknown(&pieces), pieces.len()), best(&known, &saved), "{known:?} in {saved:?}");
    }
}

#[test]
fn memory_is_bounded_and_encodings_in_use_stay() {
    let mut log = Log::new();
    (0..500).for_each(|number| log.append(number));
    let before = log.save(1);
    let mut encoded = 0;
    for number in 0..60_000u64 {
        let other = encode(&(number, "something that is not saved".repeat(4))).unwrap();
        log.fragments.add(&other, &Value::of(&other).unwrap());
        encoded += other.len();
        assert!(log.fragments.known.cost() <= MAX_COST);
    }
    assert!(encoded > MAX_COST);
    assert!(log.fragments.known.cost() > MAX_COST / 2);
    // Read as if for the first time.
    log.fragments.read(&[]);
    let after = log.save(1);
    assert!(before[..500].iter().zip(&after).all(|(before, after)| address(before) == address(after)));
    let large = vec![1u8; MAX_COST + 1];
    log.fragments.add(&large, &Value::of("large").unwrap());
    assert!(log.fragments.known.cost() <= MAX_COST);
}

#[test]
fn common_prefixes_and_suffixes_are_exact() {
    let a: Vec<u8> = (0..2_000u32).map(|byte| byte as u8).collect();
    for at in [0, 1, 511, 512, 513, 1_024, 1_999] {
        let mut b = a.clone();
        b[at] ^= 1;
        assert_eq!((common_prefix(&a, &b), common_suffix(&a, &b)), (at, 1_999 - at));
        assert_eq!((common_prefix(&a, &a[..at]), common_suffix(&a, &a[at..])), (at, 2_000 - at));
    }
}
