package memory

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// maxPath is the longest name of a file, in bytes.
const maxPath = 512

// Files is a set of files in memory and the SQLite file system that serves
// them. Databases are opened with the URI parameter vfs=Name.
type Files struct {
	// Name that the file system is registered under.
	Name string
	// Disk is the name of the operating system's own file system, for
	// copies that go to a disk.
	Disk string

	tls     *libc.TLS
	vfs     uintptr // sqlite3_vfs
	methods uintptr // sqlite3_io_methods
	cname   uintptr
	// keep holds the functions that SQLite knows by address only.
	keep []any

	open sync.Map // address of sqlite3_file -> *handle

	mu    sync.Mutex
	names map[string]*file
	count int // open handles
}

// Register makes a new, empty file system known to SQLite.
func Register() (*Files, error) {
	f := &Files{tls: libc.NewTLS(), names: make(map[string]*file)}
	disk := sqlite3.Xsqlite3_vfs_find(f.tls, 0)
	f.vfs = libc.Xcalloc(f.tls, 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{})))
	f.methods = libc.Xcalloc(f.tls, 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{})))
	f.Name = fmt.Sprintf("memory-%x", f.vfs)
	cname, err := libc.CString(f.Name)
	if err != nil || disk == 0 || f.vfs == 0 || f.methods == 0 {
		f.free()
		return nil, errors.New("registering files in memory: out of memory")
	}
	f.cname, f.Disk = cname, libc.GoString(at[sqlite3.Tsqlite3_vfs](disk).FzName)
	f.describe(disk)
	if code := sqlite3.Xsqlite3_vfs_register(f.tls, f.vfs, 0); code != sqlite3.SQLITE_OK {
		f.free()
		return nil, fmt.Errorf("registering files in memory: SQLite's code %d", code)
	}
	return f, nil
}

// describe fills the tables of functions that SQLite calls. What has nothing
// to do with files (time, randomness, waiting) is the operating system's.
func (f *Files) describe(disk uintptr) {
	v, d := at[sqlite3.Tsqlite3_vfs](f.vfs), at[sqlite3.Tsqlite3_vfs](disk)
	v.FiVersion = 2 // without the hooks for system calls
	v.FszOsFile = int32(unsafe.Sizeof(sqlite3.Tsqlite3_file{}))
	v.FmxPathname, v.FzName = maxPath, f.cname
	v.FxDlOpen, v.FxDlError, v.FxDlSym, v.FxDlClose = d.FxDlOpen, d.FxDlError, d.FxDlSym, d.FxDlClose
	v.FxRandomness, v.FxSleep, v.FxGetLastError = d.FxRandomness, d.FxSleep, d.FxGetLastError
	v.FxCurrentTime, v.FxCurrentTimeInt64 = d.FxCurrentTime, d.FxCurrentTimeInt64
	v.FxOpen = address(f, f.xOpen)
	v.FxDelete = address(f, f.xDelete)
	v.FxAccess = address(f, f.xAccess)
	v.FxFullPathname = address(f, f.xFullPathname)

	m := at[sqlite3.Tsqlite3_io_methods](f.methods)
	m.FiVersion = 2 // with shared memory, without mapped files
	m.FxClose = address(f, f.xClose)
	m.FxRead = address(f, f.xRead)
	m.FxWrite = address(f, f.xWrite)
	m.FxTruncate = address(f, f.xTruncate)
	m.FxSync = address(f, f.xSync)
	m.FxFileSize = address(f, f.xFileSize)
	m.FxLock = address(f, f.xLock)
	m.FxUnlock = address(f, f.xUnlock)
	m.FxCheckReservedLock = address(f, f.xCheckReservedLock)
	m.FxFileControl = address(f, f.xFileControl)
	m.FxSectorSize = address(f, f.xSectorSize)
	m.FxDeviceCharacteristics = address(f, f.xDeviceCharacteristics)
	m.FxShmMap = address(f, f.xShmMap)
	m.FxShmLock = address(f, f.xShmLock)
	m.FxShmBarrier = address(f, f.xShmBarrier)
	m.FxShmUnmap = address(f, f.xShmUnmap)
}

// Close forgets the files. Every database opened on them must be closed
// before; while one is open Close refuses, and SQLite keeps the file system.
func (f *Files) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.vfs == 0 {
		return nil
	}
	if f.count > 0 {
		return fmt.Errorf("closing files in memory: %d of them are still open", f.count)
	}
	if code := sqlite3.Xsqlite3_vfs_unregister(f.tls, f.vfs); code != sqlite3.SQLITE_OK {
		return fmt.Errorf("closing files in memory: SQLite's code %d", code)
	}
	f.names = nil
	f.free()
	return nil
}

func (f *Files) free() {
	for _, p := range []uintptr{f.cname, f.methods, f.vfs} {
		if p != 0 {
			libc.Xfree(f.tls, p)
		}
	}
	f.vfs, f.methods, f.cname, f.keep = 0, 0, 0, nil
	f.tls.Close()
}

func (f *Files) xOpen(_ *libc.TLS, _, zName, pFile uintptr, flags int32, pOutFlags uintptr) int32 {
	at[sqlite3.Tsqlite3_file](pFile).FpMethods = 0
	f.mu.Lock()
	defer f.mu.Unlock()
	name, content := "", &file{}
	if zName != 0 { // a temporary file has no name
		name = libc.GoString(zName)
		known, ok := f.names[name]
		switch {
		case ok:
			content = known
		case flags&sqlite3.SQLITE_OPEN_CREATE == 0:
			return sqlite3.SQLITE_CANTOPEN
		default:
			f.names[name] = content
		}
	}
	f.count++
	f.open.Store(pFile, &handle{file: content, name: name, temporary: flags&sqlite3.SQLITE_OPEN_DELETEONCLOSE != 0})
	if pOutFlags != 0 {
		*at[int32](pOutFlags) = flags
	}
	at[sqlite3.Tsqlite3_file](pFile).FpMethods = f.methods
	return sqlite3.SQLITE_OK
}

func (f *Files) xClose(tls *libc.TLS, pFile uintptr) int32 {
	h := f.handle(pFile)
	h.release(tls)
	f.open.Delete(pFile)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count--
	if h.temporary && h.name != "" {
		delete(f.names, h.name)
	}
	return sqlite3.SQLITE_OK
}

func (f *Files) xDelete(_ *libc.TLS, _, zName uintptr, _ int32) int32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := libc.GoString(zName)
	if _, ok := f.names[name]; !ok {
		return sqlite3.SQLITE_IOERR_DELETE_NOENT
	}
	delete(f.names, name)
	return sqlite3.SQLITE_OK
}

func (f *Files) xAccess(_ *libc.TLS, _, zName uintptr, flags int32, pOut uintptr) int32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	*at[int32](pOut) = 0
	content, ok := f.names[libc.GoString(zName)]
	// An empty file counts as none, as it does on a disk: SQLite asks
	// whether there is anything to recover.
	if ok && (flags != sqlite3.SQLITE_ACCESS_EXISTS || content.length() > 0) {
		*at[int32](pOut) = 1
	}
	return sqlite3.SQLITE_OK
}

func (f *Files) xFullPathname(_ *libc.TLS, _, zName uintptr, n int32, zOut uintptr) int32 {
	name := libc.GoString(zName)
	if len(name) >= int(n) {
		return sqlite3.SQLITE_CANTOPEN
	}
	out := bytesAt(zOut, int32(len(name)+1))
	copy(out, name)
	out[len(name)] = 0
	return sqlite3.SQLITE_OK
}

// handle finds what SQLite opened at this address.
func (f *Files) handle(pFile uintptr) *handle {
	h, _ := f.open.Load(pFile)
	return h.(*handle)
}

// at views memory that belongs to SQLite and so not to Go's collector. The
// way round by the pointer's own address is what go vet can follow.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// bytesAt views n bytes of SQLite's memory.
func bytesAt(p uintptr, n int32) []byte { return unsafe.Slice(at[byte](p), n) }

// address gives SQLite a function to call and keeps it alive as long as f.
func address[F any](f *Files, function F) uintptr {
	f.keep = append(f.keep, function)
	return *(*uintptr)(unsafe.Pointer(&function))
}
