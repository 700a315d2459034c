//! Writing heads, lawful or not.
