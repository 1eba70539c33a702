package store

import (
	"context"
	"fmt"
)

// SecondFactor is what a person proves with, beside a password, who he is.
type SecondFactor struct {
	Person string
	Secret string // may be encrypted
	Since  int64  // Unix milliseconds
	Step   int64  // of the last code that was taken
	Codes  []byte // hashes of what is left of the recovery codes
	Failed int    // wrong codes since the last right one
	Tried  int64  // when the last wrong one came, Unix milliseconds
}

const factorColumns = "person, secret, since, step, codes, failed, tried"

// PutSecondFactor writes a person's second factor. It is false, and nothing is written, if there is one already.
func (s *Store) PutSecondFactor(f *SecondFactor) (made bool, err error) {
	const text = "INSERT INTO second_factor(" + factorColumns + ") VALUES (?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(person) DO NOTHING RETURNING step"
	return s.takeFactor(text, func(stmt *statement) {
		stmt.BindText(1, f.Person)
		stmt.BindText(2, f.Secret)
		stmt.BindInt64(3, f.Since)
		stmt.BindInt64(4, f.Step)
		stmt.BindBytes(5, f.Codes)
		stmt.BindInt64(6, int64(f.Failed))
		stmt.BindInt64(7, f.Tried)
	})
}

// DropSecondFactor removes a person's second factor, and with ends also the person's sessions and links.
func (s *Store) DropSecondFactor(person string, ends bool) error {
	return s.alone("remove a second factor", func() error {
		tables := []string{"second_factor"}
		if ends {
			tables = append(tables, "web_session", "signin_link")
		}
		for _, table := range tables {
			err := query(s.conn, "DELETE FROM "+table+" WHERE person = ?1", func(stmt *statement) { stmt.BindText(1, person) }, nil)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// TakeStep notes that the code of a step was taken. It is false if that or a later one was taken before.
func (s *Store) TakeStep(person string, step int64) (taken bool, err error) {
	return s.takeFactor("UPDATE second_factor SET step = ?2, failed = 0 WHERE person = ?1 AND step < ?2 RETURNING step", func(stmt *statement) {
		stmt.BindText(1, person)
		stmt.BindInt64(2, step)
	})
}

// TakeCode puts what is left of the recovery codes in place of what was there. It is false if that is another by now.
func (s *Store) TakeCode(person string, was, left []byte) (taken bool, err error) {
	return s.takeFactor("UPDATE second_factor SET codes = ?3, failed = 0 WHERE person = ?1 AND codes = ?2 RETURNING step", func(stmt *statement) {
		stmt.BindText(1, person)
		stmt.BindBytes(2, was)
		stmt.BindBytes(3, left)
	})
}

// TryFactor counts a wrong code before it is looked at, so that many at the same moment are counted, too; a right one takes that back
// (TakeStep, TakeCode). It is false if another has been counted or taken since f was read.
func (s *Store) TryFactor(f *SecondFactor, now int64) (counted bool, err error) {
	return s.takeFactor("UPDATE second_factor SET failed = failed + 1, tried = ?4 WHERE person = ?1 AND failed = ?2 AND tried = ?3 RETURNING step", func(stmt *statement) {
		stmt.BindText(1, f.Person)
		stmt.BindInt64(2, int64(f.Failed))
		stmt.BindInt64(3, f.Tried)
		stmt.BindInt64(4, now)
	})
}

// ResealFactor puts a secret that is encrypted otherwise in place of what it was.
func (s *Store) ResealFactor(person, was, secret string) error {
	_, err := s.takeFactor("UPDATE second_factor SET secret = ?3 WHERE person = ?1 AND secret = ?2 RETURNING step", func(stmt *statement) {
		stmt.BindText(1, person)
		stmt.BindText(2, was)
		stmt.BindText(3, secret)
	})
	return err
}

// takeFactor changes one row, and tells whether it was there.
func (s *Store) takeFactor(text string, bind func(*statement)) (taken bool, err error) {
	err = s.alone("write a second factor", func() error {
		taken = false // the transaction may be sent again
		return query(s.conn, text, bind, func(*statement) (bool, error) {
			taken = true
			return true, nil
		})
	})
	return taken, err
}

// SecondFactors gives the second factor of a person, of everybody for an empty name.
func (s *Store) SecondFactors(ctx context.Context, person string) (list []SecondFactor, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT "+factorColumns+" FROM second_factor WHERE (?1 = '' OR person = ?1) ORDER BY person",
			func(stmt *statement) { stmt.BindText(1, person) }, func(stmt *statement) (bool, error) {
				list = append(list, SecondFactor{
					Person: stmt.ColumnText(0), Secret: stmt.ColumnText(1), Since: stmt.ColumnInt64(2), Step: stmt.ColumnInt64(3), Codes: octetsOf(stmt, 4),
					Failed: stmt.ColumnInt(5), Tried: stmt.ColumnInt64(6),
				})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read second factors: %w", err)
	}
	return list, nil
}
