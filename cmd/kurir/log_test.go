package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/config"
)

// TestErrorsThatRepeat: what fails ten times a second for the same reason is not written each time, and it is said how often it
// was not; warnings, and other errors, are all written.
func TestErrorsThatRepeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := newLogger(&out, config.Log{}).With("server", "a")
		lines := func() int {
			n := strings.Count(out.String(), "\n")
			out.Reset()
			return n
		}
		repeat := func(say func(string, ...any)) {
			for i := range 95 {
				say("claim what is owed", "queue", i)
				time.Sleep(100 * time.Millisecond)
			}
		}
		if repeat(log.Error); lines() != 5 {
			t.Errorf("%d lines of one error in ten seconds", lines())
		}
		if log.Error("something else"); lines() != 1 {
			t.Error("another error is not written")
		}
		time.Sleep(time.Second)
		log.Error("claim what is owed")
		if s := out.String(); !strings.Contains(s, "server=a unsaid=90\n") {
			t.Errorf("the next line is %q", s)
		}
		lines()
		if repeat(log.Warn); lines() != 95 {
			t.Error("warnings are left out")
		}
		log.Log(t.Context(), slog.LevelDebug, "details")
		if lines() != 0 {
			t.Error("the level does not hold")
		}
	})
}
