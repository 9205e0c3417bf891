package memory

import (
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// chunk is the unit in which a file grows, in bytes: large enough that a file
// of 256 MiB has few of them, small enough that an empty vault is small.
const chunk = 64 << 10

// file is the content of one file and the locks on it.
type file struct {
	mu     sync.RWMutex
	chunks [][]byte
	size   int64

	locks  map[*handle]int32 // held levels above none
	shared shared
}

// handle is one opening of a file.
type handle struct {
	*file
	name      string
	temporary bool
	// Slots of the index of the log that this handle has locked, as bits.
	readSlots, writeSlots uint32
	mapped                bool
}

func (c *file) length() int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.size
}

// walk calls do for each piece of the n bytes from offset that lies in one
// chunk; from is the piece's place among the n bytes.
func (c *file) walk(offset int64, n int, do func(piece []byte, from int)) {
	for from := 0; from < n; {
		place := offset + int64(from)
		piece := c.chunks[place/chunk][place%chunk:]
		if len(piece) > n-from {
			piece = piece[:n-from]
		}
		do(piece, from)
		from += len(piece)
	}
}

func (f *Files) xRead(_ *libc.TLS, pFile, pBuf uintptr, n int32, offset int64) int32 {
	c, out := f.handle(pFile).file, bytesAt(pBuf, n)
	c.mu.RLock()
	defer c.mu.RUnlock()
	there := max(0, min(int64(n), c.size-offset))
	c.walk(offset, int(there), func(piece []byte, from int) { copy(out[from:], piece) })
	if there < int64(n) {
		clear(out[there:])
		return sqlite3.SQLITE_IOERR_SHORT_READ
	}
	return sqlite3.SQLITE_OK
}

func (f *Files) xWrite(_ *libc.TLS, pFile, pBuf uintptr, n int32, offset int64) int32 {
	c, in := f.handle(pFile).file, bytesAt(pBuf, n)
	c.mu.Lock()
	defer c.mu.Unlock()
	end := offset + int64(n)
	for int64(len(c.chunks))*chunk < end {
		c.chunks = append(c.chunks, make([]byte, chunk))
	}
	c.walk(offset, int(n), func(piece []byte, from int) { copy(piece, in[from:]) })
	c.size = max(c.size, end)
	return sqlite3.SQLITE_OK
}

func (f *Files) xTruncate(_ *libc.TLS, pFile uintptr, size int64) int32 {
	c := f.handle(pFile).file
	c.mu.Lock()
	defer c.mu.Unlock()
	if size >= c.size {
		return sqlite3.SQLITE_OK
	}
	keep := (size + chunk - 1) / chunk
	clear(c.chunks[keep:])
	c.chunks = c.chunks[:keep]
	if rest := size % chunk; rest > 0 {
		clear(c.chunks[keep-1][rest:]) // what grows again begins as zeros
	}
	c.size = size
	return sqlite3.SQLITE_OK
}

func (f *Files) xSync(*libc.TLS, uintptr, int32) int32 { return sqlite3.SQLITE_OK }

func (f *Files) xFileSize(_ *libc.TLS, pFile, pSize uintptr) int32 {
	*at[int64](pSize) = f.handle(pFile).length()
	return sqlite3.SQLITE_OK
}

// xLock raises the lock of a handle. With a write-ahead log these locks only
// matter while the log is opened and closed.
func (f *Files) xLock(_ *libc.TLS, pFile uintptr, level int32) int32 {
	h := f.handle(pFile)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.locks == nil {
		h.locks = make(map[*handle]int32)
	}
	if h.locks[h] >= level {
		return sqlite3.SQLITE_OK
	}
	for other, held := range h.locks {
		if other == h {
			continue
		}
		switch {
		case level == sqlite3.SQLITE_LOCK_SHARED && held >= sqlite3.SQLITE_LOCK_PENDING,
			level >= sqlite3.SQLITE_LOCK_RESERVED && held >= sqlite3.SQLITE_LOCK_RESERVED:
			return sqlite3.SQLITE_BUSY
		case level == sqlite3.SQLITE_LOCK_EXCLUSIVE:
			// Readers are still there: no new ones from now on.
			h.locks[h] = sqlite3.SQLITE_LOCK_PENDING
			return sqlite3.SQLITE_BUSY
		}
	}
	h.locks[h] = level
	return sqlite3.SQLITE_OK
}

func (f *Files) xUnlock(_ *libc.TLS, pFile uintptr, level int32) int32 {
	h := f.handle(pFile)
	h.mu.Lock()
	defer h.mu.Unlock()
	if level == sqlite3.SQLITE_LOCK_NONE {
		delete(h.locks, h)
	} else if h.locks[h] > level {
		h.locks[h] = level
	}
	return sqlite3.SQLITE_OK
}

func (f *Files) xCheckReservedLock(_ *libc.TLS, pFile, pOut uintptr) int32 {
	h := f.handle(pFile)
	h.mu.RLock()
	defer h.mu.RUnlock()
	*at[int32](pOut) = 0
	for _, held := range h.locks {
		if held >= sqlite3.SQLITE_LOCK_RESERVED {
			*at[int32](pOut) = 1
		}
	}
	return sqlite3.SQLITE_OK
}

func (f *Files) xFileControl(*libc.TLS, uintptr, int32, uintptr) int32 {
	return sqlite3.SQLITE_NOTFOUND
}

func (f *Files) xSectorSize(*libc.TLS, uintptr) int32 { return 4096 }

// xDeviceCharacteristics says that memory can't tear a write.
func (f *Files) xDeviceCharacteristics(*libc.TLS, uintptr) int32 {
	return sqlite3.SQLITE_IOCAP_ATOMIC | sqlite3.SQLITE_IOCAP_SAFE_APPEND |
		sqlite3.SQLITE_IOCAP_SEQUENTIAL | sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

// release gives back all that a handle holds.
func (h *handle) release(tls *libc.TLS) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.locks, h)
	h.unmap(tls)
}
