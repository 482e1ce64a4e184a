//go:build !race

package runs

// raceDetector says that the tests run under the race detector, which makes
// simulations so slow that few experiments are made and no figure is checked.
const raceDetector = false
