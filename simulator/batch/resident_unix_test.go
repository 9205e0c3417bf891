//go:build unix

package batch_test

import (
	"os"
	"runtime"
	"syscall"
)

// residentBytes is the most memory that an ended process had.
func residentBytes(state *os.ProcessState) (int64, bool) {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, false
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss), true
	}
	return int64(usage.Maxrss) << 10, true
}
