package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"kurir/config"
)

// newLogger makes the log that the file asks for.
func newLogger(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	if c.Level != "" {
		_ = level.UnmarshalText([]byte(c.Level)) // checked with the file
	}
	opt := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(w, opt)
	if c.Format == "json" {
		h = slog.NewJSONHandler(w, opt)
	}
	return slog.New(calm{Handler: h, errors: &saidErrors{of: map[string]*saidError{}}})
}

// calm is a log that does not say the same all the time: while a database is away
// much fails ten times a second, for the same reason. Of the errors with one text
// errorsMost are written within errorsTime; the first one after that says how many
// there were meanwhile.
type calm struct {
	slog.Handler
	errors *saidErrors
}

const (
	errorsMost = 5
	errorsTime = 10 * time.Second
)

// saidErrors is what calm remembers. Texts of errors are constants of the program,
// so that there are only so many.
type saidErrors struct {
	mu sync.Mutex
	of map[string]*saidError
}

type saidError struct {
	since        time.Time
	said, unsaid int
}

// Handle writes a line, or counts it.
func (c calm) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		say, unsaid := c.errors.say(r.Message, r.Time)
		if !say {
			return nil
		}
		if unsaid > 0 {
			r.AddAttrs(slog.Int("unsaid", unsaid))
		}
	}
	return c.Handler.Handle(ctx, r)
}

// say tells whether an error is to be written, and how many with its text were not.
func (s *saidErrors) say(text string, now time.Time) (say bool, unsaid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.of[text]
	if e == nil {
		e = &saidError{since: now}
		s.of[text] = e
	}
	if now.Sub(e.since) >= errorsTime {
		unsaid = e.unsaid
		*e = saidError{since: now}
	}
	if e.said++; e.said > errorsMost {
		e.unsaid++
		return false, 0
	}
	return true, unsaid
}

// WithAttrs implements slog.Handler.
func (c calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	return calm{c.Handler.WithAttrs(attrs), c.errors}
}

// WithGroup implements slog.Handler.
func (c calm) WithGroup(name string) slog.Handler {
	return calm{c.Handler.WithGroup(name), c.errors}
}
