//go:build !linux

package app

import "time"

// clockOffset is known on Linux only.
func clockOffset() (time.Duration, bool) { return 0, false }
