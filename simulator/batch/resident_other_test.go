//go:build !unix

package batch_test

import "os"

// residentBytes is not known here.
func residentBytes(*os.ProcessState) (int64, bool) { return 0, false }
