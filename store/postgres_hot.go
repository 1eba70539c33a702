package store

import (
	"fmt"

	"kurir/message"
)

// With PostgreSQL a batch writes the rows of messages itself: there is no
// journal, and nothing is pending. All rows of a table are one statement, so that
// a batch of any size costs the same few statements and one round trip.

func (h *hotStatements) preparePostgres(c *conn) error {
	return prepareAll(c, append(h.spilling(),
		preparation{&h.message, write{verb: add, table: "message", keys: 1, columns: messageWritten}},
		preparation{&h.replace, write{verb: put, table: "message", keys: 1, columns: messageWritten}},
		preparation{&h.progress, write{verb: add, table: "progress", keys: 1, columns: progressWritten}},
	))
}

// writeMessages writes what a batch says of messages, grants and counters.
func (s *Store) writeMessages(b *Batch) error {
	for _, m := range b.Accepted {
		if err := s.writeMessage(s.hot.message, m); err != nil {
			return err
		}
		if err := s.writeProgress(s.hot.progress, m.ID, &m.Progress, false); err != nil {
			return fmt.Errorf("insert the progress of %s: %w", m.ID, err)
		}
		s.zones.markMessage(m)
	}
	for _, m := range b.Replaced {
		if err := s.writeMessage(s.hot.replace, m); err != nil {
			return err
		}
		s.zones.markMessage(m)
	}
	for i := range b.Changed {
		c := &b.Changed[i]
		p := message.Progress{State: c.State, Owed: c.Owed, Final: c.Final, Log: c.Log}
		if err := s.writeProgress(s.hot.change, c.ID, &p, true); err != nil {
			return fmt.Errorf("write the progress of %s: %w", c.ID, err)
		}
		s.zones.markChange(c)
		if c.Final != 0 && s.messageTexts.due(c.ID) {
			if err := s.writeErased([]message.ID{c.ID}); err != nil {
				return err
			}
		}
	}
	if err := s.writeErased(b.Erased); err != nil {
		return err
	}
	for i := range b.Granted {
		b.Granted[i].Node = b.Node
		if err := s.writeGrant(&b.Granted[i]); err != nil {
			return err
		}
	}
	if err := s.writeDone(b.GrantDone); err != nil {
		return err
	}
	sortCounters(b.Counters) // so that two nodes that add to the same ones never wait for each other
	for i := range b.Counters {
		if err := s.writeCounter(&b.Counters[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) writeMessage(stmt *statement, m *message.Message) error {
	s.bodyBuf = s.appendBody(s.bodyBuf[:0], m)
	f, err := readBody(s.bodyBuf)
	if err != nil {
		return err
	}
	f.bind(stmt, m.ID)
	if err := execute(stmt); err != nil {
		return fmt.Errorf("insert message %s: %w", m.ID, err)
	}
	return nil
}
