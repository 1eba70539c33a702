package store

import (
	"testing"
	"time"

	"kurir/pgtest"
)

// TestHourlyAllowances: what counts on limits of an hour is found one by one, apart from an account's other limits, and forgotten when the
// hour is over.
func TestHourlyAllowances(t *testing.T) {
	t.Parallel()
	for engine, database := range map[string]string{"sqlite": "", "postgres": pgtest.Shared(t).Database(t)} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_800_000_000, 0)
			s := openTest(t, Options{Database: database, Shared: database != "", Now: func() time.Time { return now }})
			hour := now.Truncate(time.Hour).UnixMilli()
			rows := []Allowance{
				{AllowanceKey{"acme", 0, 0}, hour, 7},
				{AllowanceKey{"acme", 2, 1<<63 - 1}, hour, 3},
				{AllowanceKey{"acme", 2, 5}, hour, 4},
				{AllowanceKey{"acme", 3, 'S'<<8 | 'E'}, hour, 9},
				{AllowanceKey{"other", 2, 5}, hour, 1},
			}
			look := func(limits []string, want ...Allowance) {
				t.Helper()
				c := &Contest{Limits: limits, At: now.UnixMilli()}
				for _, r := range rows[1:] {
					if r.Period != 5 || r.Account == "other" {
						c.Hours = append(c.Hours, r.AllowanceKey)
					}
				}
				found := 0
				c.Settle = func(f *Found) error {
					found = len(f.Allowances)
					for _, w := range want {
						if f.Allowances[w.AllowanceKey] != w {
							t.Errorf("found %+v, want %+v", f.Allowances[w.AllowanceKey], w)
						}
					}
					return nil
				}
				if err := s.Commit(&Batch{Contest: c}); err != nil || found != len(want) {
					t.Errorf("found %d, want %d, %v", found, len(want), err)
				}
			}
			if err := s.Commit(&Batch{Allowances: rows}); err != nil {
				t.Fatal(err)
			}
			look([]string{"acme"}, rows[0], rows[1], rows[3], rows[4])
			look(nil, rows[1], rows[3], rows[4])
			for _, passed := range []time.Duration{59 * time.Minute, 2 * time.Hour} {
				now = time.UnixMilli(hour).Add(passed)
				s.tidy.forgetAt = time.Time{}
				if _, err := s.forgetSlice(); err != nil {
					t.Fatal(err)
				}
				if passed < time.Hour {
					look(nil, rows[1], rows[3], rows[4])
				}
			}
			look([]string{"acme"}, rows[0])
		})
	}
}
