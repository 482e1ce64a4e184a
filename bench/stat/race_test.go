//go:build race

package stat

// raceDetector says that the tests run under the race detector.
const raceDetector = true
