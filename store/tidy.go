package store

import (
	"time"

	"kurir/message"
)

// tidyState is where housekeeping stands.
type tidyState struct{}

// Tidy does housekeeping.
func (s *Store) Tidy(budget time.Duration) (more bool, err error) { return false, nil }

type index struct{}

func (x *index) add(list []*message.Message) {}
func (x *index) pressing() bool               { return false }
func (s *Store) indexSlice() error            { return nil }
func (s *Store) recoverIndex() error          { return nil }
