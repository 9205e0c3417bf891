//go:build !race

package batch_test

// raceDetector says that the tests run under it.
const raceDetector = false
