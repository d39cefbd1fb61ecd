//! [`Tee`]: a serializer that writes the bytes of a value and records the value on a tape in the same pass.
//!
//! For `Serialize` it behaves as bincode's serializer: the bytes, the errors and all results are the same,
//! and each part is serialized once, in the same order. So a value that takes a lock, draws a random number
//! or panics when it is serialized does the same with and without a tape.
//!
//! It does not wrap bincode's serializer, which would be three times as slow. bincode still encodes values
//! without parts. This file writes what precedes the parts of other values: the number of elements of a
//! sequence or map, the number of a variant, and the byte before the value of an option.

use std::fmt::Display;

use bincode::config::Configuration;
use bincode::enc::{Encode, EncoderImpl};
use bincode::error::EncodeError;
use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::format::{Appending, FORMAT};
use crate::tape::{Open, Tag, Tape};

/// Writes a value and records it.
pub(crate) struct Tee<'a> {
    encoder: EncoderImpl<Appending<'a>, Configuration>,
    tape: &'a mut Tape,
}

impl<'a> Tee<'a> {
    /// Makes a serializer that appends to `bytes` and to `tape`.
    pub(crate) fn new(bytes: &'a mut Vec<u8>, tape: &'a mut Tape) -> Self {
        Self { encoder: EncoderImpl::new(Appending(bytes), FORMAT), tape }
    }

    /// Writes the number of elements, which must be known in advance.
    #[inline]
    fn len(&mut self, len: Option<usize>) -> Result<(), EncodeError> {
        match len {
            Some(len) => len.encode(&mut self.encoder),
            None => Err(bincode::serde::EncodeError::SequenceMustHaveLength.into()),
        }
    }

    /// Serializes the only part of a value.
    #[inline]
    fn only_part<T: Serialize + ?Sized>(&mut self, mut open: Open, value: &T) -> Result<(), EncodeError> {
        self.tape.begin_part(&open, None);
        value.serialize(&mut *self)?;
        self.tape.end_part(&mut open);
        self.tape.close(open);
        Ok(())
    }
}

/// The serializer of the parts of a value, with the value's record.
pub(crate) struct Parts<'a, 'b> {
    tee: &'a mut Tee<'b>,
    open: Open,
}

impl<'a, 'b> Parts<'a, 'b> {
    #[inline]
    fn new(tee: &'a mut Tee<'b>, open: Open) -> Self {
        Self { tee, open }
    }

    /// Serializes a part: a field of this name, or an element.
    #[inline]
    fn part<T: Serialize + ?Sized>(
        &mut self,
        field: Option<&'static str>,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.tee.tape.begin_part(&self.open, field);
        value.serialize(&mut *self.tee)?;
        self.tee.tape.end_part(&mut self.open);
        Ok(())
    }

    #[inline]
    fn close(self) {
        self.tee.tape.close(self.open);
    }
}

macro_rules! scalars {
    ($($method:ident($type:ty) $tag:ident as $wide:ty;)*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<(), EncodeError> {
            self.tape.scalar(Tag::$tag, <$wide>::from(value).to_le_bytes());
            value.encode(&mut self.encoder)
        }
    )*};
}

impl<'a, 'b> Serializer for &'a mut Tee<'b> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Parts<'a, 'b>;
    type SerializeTuple = Parts<'a, 'b>;
    type SerializeTupleStruct = Parts<'a, 'b>;
    type SerializeTupleVariant = Parts<'a, 'b>;
    type SerializeMap = Parts<'a, 'b>;
    type SerializeStruct = Parts<'a, 'b>;
    type SerializeStructVariant = Parts<'a, 'b>;

    scalars! {
        serialize_u8(u8) U8 as u8;
        serialize_u16(u16) Unsigned as u64;
        serialize_u32(u32) Unsigned as u64;
        serialize_u64(u64) Unsigned as u64;
        serialize_u128(u128) U128 as u128;
        serialize_i8(i8) Signed as i64;
        serialize_i16(i16) Signed as i64;
        serialize_i32(i32) Signed as i64;
        serialize_i64(i64) Signed as i64;
        serialize_i128(i128) I128 as i128;
        serialize_f32(f32) F32 as f32;
        serialize_f64(f64) F64 as f64;
        serialize_char(char) Char as u32;
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        self.tape.scalar(if value { Tag::True } else { Tag::False }, []);
        value.encode(&mut self.encoder)
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), EncodeError> {
        self.tape.str(value);
        value.encode(&mut self.encoder)
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), EncodeError> {
        self.tape.byte_string(value);
        value.encode(&mut self.encoder)
    }

    /// As serde has it: `value` is displayed once.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.serialize_str(&value.to_string())
    }

    #[inline]
    fn serialize_none(self) -> Result<(), EncodeError> {
        self.tape.scalar(Tag::None, []);
        0u8.encode(&mut self.encoder)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        let open = self.tape.open(Tag::Some, None, None);
        1u8.encode(&mut self.encoder)?;
        self.only_part(open, value)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.tape.scalar(Tag::Unit, []);
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, name: &'static str) -> Result<(), EncodeError> {
        let open = self.tape.open(Tag::NamedUnit, Some(name), None);
        self.tape.close(open);
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        let open = self.tape.open(Tag::NamedUnit, Some(name), Some(variant));
        self.tape.close(open);
        index.encode(&mut self.encoder)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        let open = self.tape.open(Tag::Newtype, Some(name), None);
        self.only_part(open, value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        let open = self.tape.open(Tag::Newtype, Some(name), Some(variant));
        index.encode(&mut self.encoder)?;
        self.only_part(open, value)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Parts<'a, 'b>, EncodeError> {
        let open = self.tape.open(Tag::Seq, None, None);
        self.len(len)?;
        Ok(Parts::new(self, open))
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Parts<'a, 'b>, EncodeError> {
        let open = self.tape.open(Tag::Tuple, None, None);
        Ok(Parts::new(self, open))
    }

    #[inline]
    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Parts<'a, 'b>, EncodeError> {
        let open = self.tape.open(Tag::Tuple, Some(name), None);
        Ok(Parts::new(self, open))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a, 'b>, EncodeError> {
        let open = self.tape.open(Tag::Tuple, Some(name), Some(variant));
        index.encode(&mut self.encoder)?;
        Ok(Parts::new(self, open))
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Parts<'a, 'b>, EncodeError> {
        let open = self.tape.open(Tag::Map, None, None);
        self.len(len)?;
        Ok(Parts::new(self, open))
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Parts<'a, 'b>, EncodeError> {
        let open = self.tape.open(Tag::Struct, Some(name), None);
        Ok(Parts::new(self, open))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a, 'b>, EncodeError> {
        let open = self.tape.open(Tag::Struct, Some(name), Some(variant));
        index.encode(&mut self.encoder)?;
        Ok(Parts::new(self, open))
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }
}

macro_rules! sequences {
    ($($trait:ident $method:ident;)*) => {$(
        impl $trait for Parts<'_, '_> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
                self.part(None, value)
            }

            #[inline]
            fn end(self) -> Result<(), EncodeError> {
                self.close();
                Ok(())
            }
        }
    )*};
}

sequences! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl $trait for Parts<'_, '_> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), EncodeError> {
                self.part(Some(name), value)
            }

            #[inline]
            fn end(self) -> Result<(), EncodeError> {
                self.close();
                Ok(())
            }
        }
    )*};
}

structs! { SerializeStruct SerializeStructVariant }

impl SerializeMap for Parts<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.part(None, key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.tee.tape.begin_value(&self.open);
        value.serialize(&mut *self.tee)?;
        self.tee.tape.end_part(&mut self.open);
        Ok(())
    }

    #[inline]
    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
