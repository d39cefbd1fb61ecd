//! Tests of the linearizability checker: histories of which the verdict is known, by hand or by trying all
//! orders.

mod agreement;
mod appending;
mod brute_force;
mod budget;
mod evidence;
mod faults;
mod growing;
mod hand_made;
mod malformed;
mod random;
mod searched;
mod texts;
mod written;
