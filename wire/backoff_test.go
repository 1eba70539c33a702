package wire

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		attempt int
		random  float64
		want    time.Duration
	}{
		{0, 0, time.Second},
		{1, 0, 2 * time.Second},
		{3, 0, 8 * time.Second},
		{3, 0.5, 6 * time.Second},
		{5, 0, 32 * time.Second},
		{6, 0, time.Minute},
		{1000, 0, time.Minute},
		{1000, 1, 30 * time.Second},
	}
	for _, tt := range tests {
		if got := Backoff(tt.attempt, time.Second, time.Minute, tt.random); got != tt.want {
			t.Errorf("%d, %v: %v, want %v", tt.attempt, tt.random, got, tt.want)
		}
	}
}
