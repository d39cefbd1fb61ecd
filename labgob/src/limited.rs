//! [`Limited`]: wrappers of serde's traits that charge every part of a value to its [`DecodeLimits`].

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::limits::{DecodeLimits, ElementStart};

/// A deserializer, seed or access of serde, with the limits of the value.
pub(crate) struct Limited<'a, I> {
    inner: I,
    limits: &'a mut DecodeLimits,
}

impl<'a, I> Limited<'a, I> {
    pub(crate) fn new(inner: I, limits: &'a mut DecodeLimits) -> Self {
        Self { inner, limits }
    }

    /// Reads a value with parts: one level down, each part under the same limits.
    #[inline]
    fn descend<V, T, E: Error>(
        self,
        visitor: V,
        parts: Parts,
        read: impl FnOnce(I, PartsVisitor<'_, V>) -> Result<T, E>,
    ) -> Result<T, E> {
        let outer = self.limits.enter(size_of::<T>())?;
        self.limits.add_memory(size_of::<T>());
        let value = read(self.inner, PartsVisitor { visitor, parts, limits: &mut *self.limits })?;
        self.limits.leave(outer);
        Ok(value)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Limited<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Limited { inner: deserializer, limits: self.limits })
    }
}

/// A value without parts counts as a read: it takes at least one byte.
macro_rules! forward {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.limits.read();
            self.inner.$method(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Limited<'_, D> {
    type Error = D::Error;

    forward! {
        deserialize_any deserialize_bool
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_bytes
        deserialize_identifier deserialize_ignored_any
    }

    // bincode would reserve the length that it reads. A borrowed string is checked against the input, and the
    // visitor copies it.
    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.limits.read();
        self.inner.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.limits.read();
        self.inner.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.limits.add_memory(size_of::<V::Value>());
        self.inner.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.limits.add_memory(size_of::<V::Value>());
        self.inner.deserialize_unit_struct(name, visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.limits.read();
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
        self.limits.read();
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
        self.limits.read();
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
        self.limits.read();
        self.descend(visitor, Parts::Fixed, |inner, inside| inner.deserialize_enum(name, variants, inside))
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// The source of the number of a value's parts.
#[derive(Clone, Copy)]
enum Parts {
    /// The Rust type.
    Fixed,
    /// The bytes: each part is charged.
    Claimed,
}

/// The visitor of a value with parts, one level down.
struct PartsVisitor<'a, V> {
    visitor: V,
    parts: Parts,
    limits: &'a mut DecodeLimits,
}

impl<V> PartsVisitor<'_, V> {
    #[inline]
    fn charge<E: Error>(&mut self, len: Option<usize>) -> Result<(), E> {
        match self.parts {
            Parts::Fixed => Ok(()),
            Parts::Claimed => self.limits.claim(len.unwrap_or(0)),
        }
    }
}

/// Only values with parts have this visitor.
impl<'de, V: Visitor<'de>> Visitor<'de> for PartsVisitor<'_, V> {
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
        self.visitor.visit_some(Limited::new(deserializer, self.limits))
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Limited::new(deserializer, self.limits))
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(mut self, elements: A) -> Result<V::Value, A::Error> {
        self.charge(elements.size_hint())?;
        self.visitor.visit_seq(Access::new(elements, self.parts, self.limits))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(mut self, entries: A) -> Result<V::Value, A::Error> {
        self.charge(entries.size_hint())?;
        self.visitor.visit_map(Access::new(entries, self.parts, self.limits))
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Limited::new(variant, self.limits))
    }
}

/// The parts of a value, one after the other. There is no size hint, because collections would reserve as
/// much.
struct Access<'a, A> {
    inner: A,
    parts: Parts,
    limits: &'a mut DecodeLimits,
    /// The beginning of a map's entry, and the size of its key in bytes.
    entry: (ElementStart, usize),
}

impl<'a, A> Access<'a, A> {
    #[inline]
    fn new(inner: A, parts: Parts, limits: &'a mut DecodeLimits) -> Self {
        let entry = (limits.begin_element(), 0);
        Self { inner, parts, limits, entry }
    }

    /// Charges an element, or an entry of a map.
    #[inline]
    fn end<E: Error>(&mut self, start: ElementStart, size: usize) -> Result<(), E> {
        match self.parts {
            Parts::Fixed => Ok(()),
            Parts::Claimed => self.limits.end_element(start, size),
        }
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let start = self.limits.begin_element();
        let element = self.inner.next_element_seed(Limited::new(seed, self.limits))?;
        if element.is_some() {
            self.end(start, size_of::<S::Value>())?;
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
        self.entry = (self.limits.begin_element(), size_of::<S::Value>());
        self.inner.next_key_seed(Limited::new(seed, self.limits))
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self.inner.next_value_seed(Limited::new(seed, self.limits))?;
        let (start, key) = self.entry;
        self.end(start, key + size_of::<S::Value>())?;
        Ok(value)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        None
    }
}

impl<'de, 'a, A: EnumAccess<'de>> EnumAccess<'de> for Limited<'a, A> {
    type Error = A::Error;
    type Variant = Limited<'a, A::Variant>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Limited::new(variant, self.limits)))
    }
}

/// The fields of an enum are on the same level as the enum.
impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Limited<'_, A> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Limited::new(seed, self.limits))
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, PartsVisitor { visitor, parts: Parts::Fixed, limits: self.limits })
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, PartsVisitor { visitor, parts: Parts::Fixed, limits: self.limits })
    }
}
