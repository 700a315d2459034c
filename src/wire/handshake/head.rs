//! Reading heads, in whatever pieces they come.
