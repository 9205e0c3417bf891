// Package memory keeps SQLite files in the memory of this process, so that a
// vault without a file behaves in every respect like one with a file.
//
// SQLite's own in-memory databases know no write-ahead log: there a reader
// waits for the writer, and a read inside a write would wait for itself. This
// package is a virtual file system with the shared memory that the log needs,
// so that both kinds of vault run the same statements in the same way.
//
//	database/sql -> SQLite -> vfs.go (names) -> file.go (bytes, locks)
//	                                         -> shared.go (index of the log)
//
// Nothing is ever written to a disk, and nothing outlives Close.
package memory
