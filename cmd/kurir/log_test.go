package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"kurir/config"
)

// TestErrorsThatRepeat: what fails ten times a second for the same reason is not written each time, and it is said how often it
// was not; warnings, and other errors, are all written.
func TestErrorsThatRepeat(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := newLogger(&out, config.Log{}).With("server", "a")
	began := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	say := func(level slog.Level, text string, after time.Duration) {
		if err := log.Handler().Handle(t.Context(), slog.NewRecord(began.Add(after), level, text, 0)); err != nil {
			t.Fatal(err)
		}
	}
	lines := func() int {
		n := strings.Count(out.String(), "\n")
		out.Reset()
		return n
	}
	repeat := func(level slog.Level) int {
		for i := range 95 {
			say(level, "claim what is owed", time.Duration(i)*100*time.Millisecond)
		}
		return lines()
	}
	if n := repeat(slog.LevelError); n != 5 {
		t.Errorf("%d lines of one error in ten seconds", n)
	}
	if say(slog.LevelError, "something else", 9*time.Second); lines() != 1 {
		t.Error("another error is not written")
	}
	say(slog.LevelError, "claim what is owed", 11*time.Second)
	if s := out.String(); !strings.Contains(s, "server=a unsaid=90\n") {
		t.Errorf("the next line is %q", s)
	}
	lines()
	if n := repeat(slog.LevelWarn); n != 95 {
		t.Errorf("%d of 95 warnings are written", n)
	}
	if log.Debug("details"); lines() != 0 {
		t.Error("the level does not hold")
	}
}
