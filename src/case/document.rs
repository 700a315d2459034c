//! (see cases/README.md)
