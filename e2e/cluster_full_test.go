package e2e

import (
	"math/rand/v2"
	"testing"
	"time"

	"kurir/pgtest"
)

// TestClusterDiskFull: the disk of the database is full while three servers are under load. They refuse politely; when there is
// room again they go on by themselves, and nothing is lost or sent twice. PostgreSQL itself may end, when it cannot write its log;
// then it is started again, as systemd does it.
func TestClusterDiskFull(t *testing.T) {
	t.Parallel()
	disk := pgtest.NewDisk(t, 400)
	x := clusterExperiment{
		name: "7 disk of the database is full", faults: 1, gap: 500 * time.Millisecond, polite: temporary,
		share: .1, every: 15 * time.Second,
		database: pgtest.StartAt(t, pgtest.Place{Disk: disk}, "wal_keep_size = 0", "max_wal_size = 64MB", "min_wal_size = 32MB"),
	}
	x.fault = func(int, *rand.Rand) {
		disk.Fill(t)
		refused := func() (n int) {
			x.ledger.mu.Lock()
			defer x.ledger.mu.Unlock()
			for cause := range temporary {
				n += x.ledger.refused[cause]
			}
			return n
		}
		before := refused()
		within(t, 3*patience, "messages are refused", func() bool { return refused() > before+50 })
		keep(3 * time.Second)
		disk.Free(t)
		x.database.Revive(t)
	}
	x.run(t)
}
