package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kurir/message"
)

// Tables message and progress have a partition for each day of ids, so that what
// is old is dropped and not deleted. They are made some days ahead; what lies in
// none, by a clock that is far off, stands in the partition for the rest.
const (
	partitionsAhead = 4 // days, today included
	partitionEvery  = time.Hour
	dayMillis       = 24 * 60 * 60 * 1000
)

func partitioned() []string { return []string{"message", "progress"} }

// dayOf is the number of the day in which an id was given.
func dayOf(id message.ID) int64 { return (id.Millis() - message.ID(0).Millis()) / dayMillis }

// firstOfDay is the least id of a day.
func firstOfDay(day int64) int64 { return day * dayMillis << 22 }

// makePartitions makes those of today and the days to come which are not there.
func (s *Store) makePartitions(now time.Time) error {
	today := dayOf(message.FirstIDAt(now))
	there, err := s.partitions()
	if err != nil {
		return err
	}
	for day := max(today, 0); day < today+partitionsAhead; day++ {
		if there[day] {
			continue
		}
		if err := s.makePartition(day); err != nil {
			return fmt.Errorf("make the tables of day %d: %w", day, err)
		}
	}
	return nil
}

// partitions tells of which days there are tables.
func (s *Store) partitions() (map[int64]bool, error) {
	days := map[int64]bool{}
	err := query(s.conn, `SELECT CAST(substr(relname, 10) AS BIGINT) FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid
  WHERE inhparent = 'message'::regclass AND relname LIKE 'message\_d%'`, nil,
		func(stmt *statement) (bool, error) {
			days[stmt.ColumnInt64(0)] = true
			return true, nil
		})
	if err != nil {
		return nil, fmt.Errorf("look which days have tables: %w", err)
	}
	return days, nil
}

func (s *Store) makePartition(day int64) error {
	texts := []string{"BEGIN", fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", migrationLock)}
	for _, table := range partitioned() {
		with := ""
		if table == "progress" {
			with = " WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.1)" // each row is written thrice, beside the one before
		}
		texts = append(texts, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %[1]s_d%[2]d PARTITION OF %[1]s FOR VALUES FROM (%[3]d) TO (%[4]d)%[5]s",
			table, day, firstOfDay(day), firstOfDay(day+1), with))
	}
	return s.runAll(append(texts, "COMMIT"))
}

// runAll runs statements one after the other; an error ends the transaction that
// they began.
func (s *Store) runAll(texts []string) error {
	for _, text := range texts {
		if err := query(s.conn, text, nil, nil); err != nil {
			if s.conn.pg.IsClosed() {
				return err
			}
			return errors.Join(err, query(s.conn, "ROLLBACK", nil, nil))
		}
	}
	return nil
}

// partitionSlice makes partitions in time, and drops the oldest when all of its
// messages are older than they may be and none is open.
func (s *Store) partitionSlice() (more bool, err error) {
	now := s.now()
	if s.pg == nil || now.Before(s.tidy.partitionAt) {
		return false, nil
	}
	if err := s.reconnect(); err != nil {
		return false, s.classifyPostgres(err)
	}
	err = s.makePartitions(now)
	if keep := s.opts.Retention.Messages; err == nil && keep > 0 {
		err = s.dropPartitions(dayOf(message.FirstIDAt(now.Add(-keep))))
	}
	if err == nil && s.opts.Shared { // the last older node may have gone
		err = migratePostgres(context.Background(), s.conn, s.pg.shown, s.opts.Node)
	}
	if err == nil && s.opts.Shared {
		err = s.pushZones(s.pg.node)
	}
	s.tidy.partitionAt = now.Add(partitionEvery)
	return false, s.classifyPostgres(err)
}

// dropPartitions drops those of the days before one, but for those with an open
// message, of which single rows are removed (retention.go).
func (s *Store) dropPartitions(before int64) error {
	days, err := s.partitions()
	if err != nil {
		return err
	}
	for day := range days {
		if day >= before {
			continue
		}
		open := false
		err := query(s.conn, fmt.Sprintf("SELECT 1 FROM progress_d%d WHERE final = 0 OR owed <> 0 LIMIT 1", day), nil, func(*statement) (bool, error) {
			open = true
			return false, nil
		})
		if err == nil && !open {
			err = s.runAll([]string{
				"BEGIN", "SET LOCAL lock_timeout = '1s'", fmt.Sprintf("DROP TABLE progress_d%d", day),
				fmt.Sprintf("DROP TABLE message_d%d", day), "COMMIT",
			})
		}
		if err != nil {
			return fmt.Errorf("drop the messages of day %d: %w", day, err)
		}
	}
	return nil
}
