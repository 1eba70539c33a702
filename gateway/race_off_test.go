//go:build !race

package gateway

// underRace tells whether the race detector is at work, which makes everything
// many times slower.
const underRace = false
