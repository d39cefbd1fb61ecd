//! serde's traits around bincode's, so that every part of a value is read under its [`Guard`].

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::guard::{Begun, Guard};

/// Something of serde's, and the guard that goes with it.
pub(crate) struct Guarded<'a, I> {
    inner: I,
    guard: &'a mut Guard,
}

impl<'a, I> Guarded<'a, I> {
    pub(crate) fn new(inner: I, guard: &'a mut Guard) -> Self {
        Self { inner, guard }
    }

    /// Reads a value with parts: one level down, each part under the same guard.
    #[inline]
    fn descend<V, T, E: Error>(
        self,
        visitor: V,
        parts: Parts,
        read: impl FnOnce(I, Inside<'_, V>) -> Result<T, E>,
    ) -> Result<T, E> {
        let outer = self.guard.enter(size_of::<T>())?;
        self.guard.make(size_of::<T>());
        let value = read(self.inner, Inside { visitor, parts, guard: &mut *self.guard })?;
        self.guard.leave(outer);
        Ok(value)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Guarded<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Guarded { inner: deserializer, guard: self.guard })
    }
}

/// Of values without parts, only that they are read is noted: each takes at least a byte.
macro_rules! forward {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.guard.read();
            self.inner.$method(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guarded<'_, D> {
    type Error = D::Error;

    forward! {
        deserialize_any deserialize_bool
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_bytes
        deserialize_identifier deserialize_ignored_any
    }

    // bincode would reserve the length that it reads; what is borrowed from the input is checked
    // against the input, and the visitor copies it.
    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.guard.read();
        self.inner.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.guard.read();
        self.inner.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.guard.make(size_of::<V::Value>());
        self.inner.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.guard.make(size_of::<V::Value>());
        self.inner.deserialize_unit_struct(name, visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.guard.read();
        self.descend(visitor, Parts::Fixed, |inner, inside| inner.deserialize_option(inside))
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.descend(visitor, Parts::Fixed, |inner, inside| inner.deserialize_newtype_struct(name, inside))
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.guard.read();
        self.descend(visitor, Parts::Claimed, |inner, inside| inner.deserialize_seq(inside))
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.descend(visitor, Parts::Fixed, |inner, inside| inner.deserialize_tuple(len, inside))
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.descend(visitor, Parts::Fixed, |inner, inside| inner.deserialize_tuple_struct(name, len, inside))
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.guard.read();
        self.descend(visitor, Parts::Claimed, |inner, inside| inner.deserialize_map(inside))
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.descend(visitor, Parts::Fixed, |inner, inside| inner.deserialize_struct(name, fields, inside))
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.guard.read();
        self.descend(visitor, Parts::Fixed, |inner, inside| inner.deserialize_enum(name, variants, inside))
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Where the number of a value's parts comes from.
#[derive(Clone, Copy)]
enum Parts {
    /// From the Rust type.
    Fixed,
    /// From the bytes: to be paid for.
    Claimed,
}

/// A visitor, one level down.
struct Inside<'a, V> {
    visitor: V,
    parts: Parts,
    guard: &'a mut Guard,
}

impl<V> Inside<'_, V> {
    #[inline]
    fn pay<E: Error>(&mut self, len: Option<usize>) -> Result<(), E> {
        match self.parts {
            Parts::Fixed => Ok(()),
            Parts::Claimed => self.guard.claim(len.unwrap_or(0)),
        }
    }
}

/// Only what has parts is visited from inside.
impl<'de, V: Visitor<'de>> Visitor<'de> for Inside<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Guarded::new(deserializer, self.guard))
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Guarded::new(deserializer, self.guard))
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(mut self, elements: A) -> Result<V::Value, A::Error> {
        self.pay(elements.size_hint())?;
        self.visitor.visit_seq(Access::new(elements, self.parts, self.guard))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(mut self, entries: A) -> Result<V::Value, A::Error> {
        self.pay(entries.size_hint())?;
        self.visitor.visit_map(Access::new(entries, self.parts, self.guard))
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Guarded::new(variant, self.guard))
    }
}

/// The parts of a value, one after the other. Whoever asks how many there are is not told: they would make
/// room for as many.
struct Access<'a, A> {
    inner: A,
    parts: Parts,
    guard: &'a mut Guard,
    /// Where the entry of a map began, and the size of its key.
    entry: (Begun, usize),
}

impl<'a, A> Access<'a, A> {
    #[inline]
    fn new(inner: A, parts: Parts, guard: &'a mut Guard) -> Self {
        let entry = (guard.begin(), 0);
        Self { inner, parts, guard, entry }
    }

    /// Pays for an element, or for an entry of a map.
    #[inline]
    fn end<E: Error>(&mut self, begun: Begun, size: usize) -> Result<(), E> {
        match self.parts {
            Parts::Fixed => Ok(()),
            Parts::Claimed => self.guard.end(begun, size),
        }
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let begun = self.guard.begin();
        let element = self.inner.next_element_seed(Guarded::new(seed, self.guard))?;
        if element.is_some() {
            self.end(begun, size_of::<S::Value>())?;
        }
        Ok(element)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        None
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.entry = (self.guard.begin(), size_of::<S::Value>());
        self.inner.next_key_seed(Guarded::new(seed, self.guard))
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self.inner.next_value_seed(Guarded::new(seed, self.guard))?;
        let (begun, key) = self.entry;
        self.end(begun, key + size_of::<S::Value>())?;
        Ok(value)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        None
    }
}

impl<'de, 'a, A: EnumAccess<'de>> EnumAccess<'de> for Guarded<'a, A> {
    type Error = A::Error;
    type Variant = Guarded<'a, A::Variant>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Guarded::new(variant, self.guard)))
    }
}

/// The enum itself was one level; its fields are on the same.
impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Guarded<'_, A> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Guarded::new(seed, self.guard))
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Inside { visitor, parts: Parts::Fixed, guard: self.guard })
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Inside { visitor, parts: Parts::Fixed, guard: self.guard })
    }
}
