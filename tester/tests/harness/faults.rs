//! [`faults`]: the enumeration of the faults of a double.

/// Defines `Fault`. A variant's number is a const argument of the double's constructors, which are plain
/// functions and know no other way to be told their fault.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// The fault of a double.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Fault {
            $($(#[$doc])* $name,)+
        }

        impl Fault {
            const ALL: &[Fault] = &[$(Fault::$name),+];

            /// The fault of this number.
            pub fn of(number: u8) -> Self {
                Self::ALL[usize::from(number)]
            }
        }
    };
}
pub(crate) use faults;
