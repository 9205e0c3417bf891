package memory

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// shared is the shared memory of a database: SQLite keeps the index of the
// write-ahead log in it, and the locks of writer, readers and checkpoint.
type shared struct {
	regions []uintptr // SQLite's memory, all of one size
	users   int       // handles that mapped it
	readers [sqlite3.SQLITE_SHM_NLOCK]int
	writer  [sqlite3.SQLITE_SHM_NLOCK]bool
}

func (f *Files) xShmMap(tls *libc.TLS, pFile uintptr, region, size, extend int32, pOut uintptr) int32 {
	h := f.handle(pFile)
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.mapped {
		h.mapped = true
		h.shared.users++
	}
	*at[uintptr](pOut) = 0
	for int(region) >= len(h.shared.regions) {
		if extend == 0 {
			return sqlite3.SQLITE_OK
		}
		memory := libc.Xcalloc(tls, 1, libc.Tsize_t(size))
		if memory == 0 {
			return sqlite3.SQLITE_NOMEM
		}
		h.shared.regions = append(h.shared.regions, memory)
	}
	*at[uintptr](pOut) = h.shared.regions[region]
	return sqlite3.SQLITE_OK
}

func (f *Files) xShmLock(_ *libc.TLS, pFile uintptr, first, n, flags int32) int32 {
	h := f.handle(pFile)
	h.mu.Lock()
	defer h.mu.Unlock()
	exclusive := flags&sqlite3.SQLITE_SHM_EXCLUSIVE != 0
	if flags&sqlite3.SQLITE_SHM_UNLOCK != 0 {
		for slot := first; slot < first+n; slot++ {
			h.unlockSlot(slot)
		}
		return sqlite3.SQLITE_OK
	}
	for slot := first; slot < first+n; slot++ {
		if h.slotBusy(slot, exclusive) {
			return sqlite3.SQLITE_BUSY
		}
	}
	for slot := first; slot < first+n; slot++ {
		bit := uint32(1) << slot
		switch {
		case exclusive:
			h.shared.writer[slot] = true
			h.writeSlots |= bit
		case h.readSlots&bit == 0:
			h.shared.readers[slot]++
			h.readSlots |= bit
		}
	}
	return sqlite3.SQLITE_OK
}

// slotBusy says whether another handle stands in the way.
func (h *handle) slotBusy(slot int32, exclusive bool) bool {
	bit := uint32(1) << slot
	if h.shared.writer[slot] {
		return h.writeSlots&bit == 0
	}
	others := h.shared.readers[slot]
	if h.readSlots&bit != 0 {
		others--
	}
	return exclusive && others > 0
}

func (h *handle) unlockSlot(slot int32) {
	bit := uint32(1) << slot
	if h.readSlots&bit != 0 {
		h.shared.readers[slot]--
		h.readSlots &^= bit
	}
	if h.writeSlots&bit != 0 {
		h.shared.writer[slot] = false
		h.writeSlots &^= bit
	}
}

// xShmBarrier orders the accesses of different connections to the regions.
func (f *Files) xShmBarrier(_ *libc.TLS, pFile uintptr) {
	h := f.handle(pFile)
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.shared.users // the lock itself is the barrier
}

// xShmUnmap is told whether to delete the memory; it goes with its last user
// in any case, because the log tells how to make it again.
func (f *Files) xShmUnmap(tls *libc.TLS, pFile uintptr, _ int32) int32 {
	h := f.handle(pFile)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unmap(tls)
	return sqlite3.SQLITE_OK
}

// unmap needs h.mu.
func (h *handle) unmap(tls *libc.TLS) {
	if !h.mapped {
		return
	}
	for slot := range int32(sqlite3.SQLITE_SHM_NLOCK) {
		h.unlockSlot(slot)
	}
	h.mapped = false
	h.shared.users--
	if h.shared.users > 0 {
		return
	}
	for _, memory := range h.shared.regions {
		libc.Xfree(tls, memory)
	}
	h.shared.regions = nil
}
