package connector

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestSeldom: something is told of at once, and however often it comes, once a
// minute, with how many there were.
func TestSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, said := &Seldom{Every: time.Minute}, []int{}
		for range 241 { // two minutes and the moment after
			if n := s.Note(); n > 0 {
				said = append(said, n)
			}
			time.Sleep(500 * time.Millisecond)
		}
		if !slices.Equal(said, []int{1, 120, 120}) {
			t.Errorf("said of %v", said)
		}
	})
}
