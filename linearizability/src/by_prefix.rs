//! [`sort_by_prefix`]: texts in alphabetical order, so that those that begin alike are neighbours.

/// A text, and the operation to which it belongs.
pub(crate) type Labelled<'a> = (&'a [u8], usize);

/// Sorts texts alphabetically.
///
/// Long texts that begin alike are compared again and again by a sort that knows nothing of them. Here a byte
/// that a text is known to share with the others of its group is not looked at again, so the work is that of
/// reading each text once, and of a sort of numbers.
pub(crate) fn sort_by_prefix(texts: &mut [Labelled<'_>]) {
    // Of texts of which each is the beginning of the next, the middle one divides the others into halves.
    texts.sort_by_key(|(text, _)| text.len());
    // Groups of neighbours, and the number of bytes that all texts of a group are known to share.
    let mut groups = vec![(0..texts.len(), 0)];
    let mut placed = Vec::new();
    while let Some((range, shared)) = groups.pop() {
        let group = &mut texts[range.clone()];
        if group.len() < 2 {
            continue;
        }
        let pivot = group[group.len() / 2].0;
        placed.clear();
        placed.extend(group.iter().map(|&labelled| (place(labelled.0, pivot, shared), labelled)));
        placed.sort_by_key(|&(place, _)| place);
        for (labelled, &(_, sorted)) in group.iter_mut().zip(&placed) {
            *labelled = sorted;
        }
        let mut begin = range.start;
        for same in placed.chunk_by(|(a, _), (b, _)| a == b) {
            let end = begin + same.len();
            match same[0].0 {
                Place::Before(shared) => groups.push((begin..end, shared)),
                Place::Equal => {}
                Place::After(not_shared) => groups.push((begin..end, !not_shared)),
            }
            begin = end;
        }
    }
}

/// The place of a text with respect to a pivot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// With so many bytes that are the same: the more, the nearer to the pivot.
    Before(usize),
    Equal,
    /// With the complement of their number.
    After(usize),
}

/// The place of a text that shares `shared` bytes with the pivot, or more.
fn place(text: &[u8], pivot: &[u8], shared: usize) -> Place {
    let shared = shared + common(&text[shared..], &pivot[shared..]);
    match (text.get(shared), pivot.get(shared)) {
        (None, None) => Place::Equal,
        (next, pivot) if next < pivot => Place::Before(shared),
        _ => Place::After(!shared),
    }
}

/// The number of bytes with which both texts begin.
pub(crate) fn common(a: &[u8], b: &[u8]) -> usize {
    /// So many are compared at a time.
    const CHUNK: usize = 64;
    let chunks = a.chunks_exact(CHUNK).zip(b.chunks_exact(CHUNK));
    let same = CHUNK * chunks.take_while(|(a, b)| a == b).count();
    same + a[same..].iter().zip(&b[same..]).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_alphabetical_one() {
        // All texts of two letters up to a length of 7, and long ones that begin alike.
        let mut texts: Vec<Vec<u8>> = vec![Vec::new()];
        for position in 0..127 {
            for letter in [b'b', b'a'] {
                let mut longer = texts[position].clone();
                longer.push(letter);
                texts.push(longer);
            }
        }
        let long: Vec<Vec<u8>> = texts.iter().map(|text| [&[b'a'; 200], text.as_slice()].concat()).collect();
        texts.extend(long.into_iter().rev());
        // Two are equal.
        texts.push(texts[3].clone());
        let mut labelled: Vec<Labelled<'_>> = texts.iter().map(Vec::as_slice).zip(0..).collect();
        let mut expected = labelled.clone();
        expected.sort();
        sort_by_prefix(&mut labelled);
        assert_eq!(labelled, expected);
    }

    #[test]
    fn the_common_beginning_ends_at_the_first_difference() {
        let text = [7; 150];
        for differs in 0..150 {
            let mut other = text;
            other[differs] = 8;
            assert_eq!(common(&text, &other), differs);
            assert_eq!(common(&text, &text[..differs]), differs);
        }
        assert_eq!(common(&text, &text), 150);
    }
}
