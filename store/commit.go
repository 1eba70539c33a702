package store

import (
	"errors"
	"fmt"
	"time"
)

// Commit writes a batch in one transaction. When it returns nil, everything in
// b is on disk. Else nothing of b was written and the error is one of
//
//   - ErrFull (wrapped): no space, or ErrBusy; try again later,
//   - *FatalError: what is on disk is not known; the process must stop,
//   - ErrClosed, or another error that a repetition will not cure.
//
// Each gateway calls Commit from one goroutine; with Tidy it is the same, or another one's turn.
func (s *Store) Commit(b *Batch) error {
	start := time.Now()
	s.writing.Lock()
	defer s.writing.Unlock()
	var n tableDeltas
	if s.pg != nil {
		return s.commitPostgres(b, start)
	}
	if s.pending.len() > pendingMost {
		if err := s.settleTransaction(true); err != nil {
			return err
		}
	}
	if b.Term < s.terms[b.Node] {
		return &FatalError{Err: fmt.Errorf("node %d: %w", b.Node, ErrFenced)}
	}
	overwritten, err := s.overwriting(b.Rekey)
	if err != nil {
		return err
	}
	err = s.transact(func() error {
		if err := s.settle(b); err != nil {
			return err
		}
		return s.writeBatch(b, &n)
	})
	overwritten()
	if err != nil {
		s.unmark()
		return err
	}
	s.bookSettled()
	s.bookJournal(b, start)
	s.counts.add(&n)
	s.index.add(b.Accepted)
	s.bookKeys()
	s.tell(b)
	s.measured.commit(time.Since(start), b.Rows())
	if s.index.pressing() { // nobody has called Tidy for long
		if err := s.indexSlice(); err != nil {
			s.log.Warn("the index of recipients could not be written", "error", err)
		}
	}
	if len(b.Idempotency) > 0 {
		if _, err := s.spillKeys(s.keys.held + keyTablesSlack); err != nil {
			s.log.Warn("a table of requests could not be written", "error", err)
		}
	}
	return nil
}

// transact runs write in a transaction; s.writing is held. It classifies
// errors, and remembers one after which nothing may be written any more.
func (s *Store) transact(write func() error) error {
	switch {
	case s.closed:
		return ErrClosed
	case s.fatal != nil:
		return s.fatal
	}
	var err error
	if s.pg != nil {
		err = s.transactPostgres(write)
	} else {
		err = s.transactSQLite(write)
	}
	var fatal *FatalError
	if errors.As(err, &fatal) {
		s.fatal = fatal
	}
	return err
}

func (s *Store) transactSQLite(write func() error) error {
	if err := s.present.check(s.path, time.Now()); err != nil {
		return &FatalError{Err: err}
	}
	err := execute(s.hot.begin)
	if err == nil {
		if err = write(); err == nil {
			err = execute(s.hot.commit)
			s.written.Store(true)
		}
		if err != nil && !s.conn.AutocommitEnabled() {
			err = errors.Join(err, execute(s.hot.rollback))
		}
	}
	return s.classify(err)
}

// writeBatch writes what is in b, in the order that Batch promises.
func (s *Store) writeBatch(b *Batch, n *tableDeltas) error {
	if err := s.writeConfiguration(b.Config, b.ConfigText); err != nil {
		return err
	}
	if s.pg != nil {
		if err := s.writeMessages(b); err != nil {
			return err
		}
	} else if err := s.writeJournaled(b); err != nil {
		return err
	}
	if err := s.writeInbound(b.Inbound, b.InboundChanged); err != nil {
		return err
	}
	if err := s.writeConversations(b); err != nil {
		return err
	}
	if err := s.writeParts(b, n); err != nil {
		return err
	}
	if err := s.writeHeld(b, n); err != nil {
		return err
	}
	if err := s.writeSpill(b, n); err != nil {
		return err
	}
	if err := s.writeMarks(b); err != nil {
		return err
	}
	if err := s.writeMoney(b.Money, b.TopUps); err != nil {
		return err
	}
	if err := s.writeAllowances(b.Allowances); err != nil {
		return err
	}
	if err := s.writeWarned(b.Warned); err != nil {
		return err
	}
	if err := s.writeWishes(b.Wishes); err != nil {
		return err
	}
	if err := s.writeNumbers(b.ListEntries, b.OptOuts); err != nil {
		return err
	}
	if err := s.writeNetworks(b.Networks); err != nil {
		return err
	}
	if err := s.writeSeries(b.Series); err != nil {
		return err
	}
	if err := s.writeAlarms(b.Alarms, b.AlarmsAcked, b.AlarmsGone); err != nil {
		return err
	}
	if err := s.writeEscalations(b.Escalations, b.EscalationsAcked); err != nil {
		return err
	}
	if err := s.writeSpans(b.Spans); err != nil {
		return err
	}
	if err := s.writeResources(b.Resources); err != nil {
		return err
	}
	if err := s.writeRekey(b.Rekey); err != nil {
		return err
	}
	if err := s.writeRevisions(b); err != nil {
		return err
	}
	if err := s.writePeople(b.People); err != nil {
		return err
	}
	if err := s.writeEvents(b.Events, b.EventAccounts); err != nil {
		return err
	}
	if err := s.writeDuplicates(b.Duplicates); err != nil {
		return err
	}
	if err := s.writeKeys(b.Idempotency); err != nil {
		return err
	}
	return s.writeZones()
}

// writeJournaled writes, with SQLite, what a batch says of messages, grants and
// counters.
func (s *Store) writeJournaled(b *Batch) error {
	if err := s.settleSome(false, len(b.Accepted)); err != nil {
		return err
	}
	if err := s.writeJournal(b); err != nil {
		return err
	}
	if err := s.wipe(b.Erased); err != nil {
		return err
	}
	if err := s.writeErased(b.Erased); err != nil {
		return err
	}
	return s.writeDone(b.GrantDone)
}

func (s *Store) writeSpill(b *Batch, n *tableDeltas) error {
	if err := s.writeWaiting(b.WaitingRemove, b.WaitingAdd, n); err != nil {
		return err
	}
	if err := s.writeDue(b, n); err != nil {
		return err
	}
	if err := s.writeOwed(b.OwedRemove, b.OwedAdd, n); err != nil {
		return err
	}
	if err := s.writeMissing(b); err != nil {
		return err
	}
	if err := s.writeDead(b.Dead, b.DeadGone); err != nil {
		return err
	}
	if err := s.writeMail(b.MailAdd, b.MailDone); err != nil {
		return err
	}
	return s.writeOutstanding(b, n)
}
