//! A client that others have written.
