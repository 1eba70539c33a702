package pgtest

import (
	"context"
	"testing"
	"time"
)

// TestSynchronousStandby: what was acknowledged is on the standby when the primary dies; without the standby nothing is acknowledged.
func TestSynchronousStandby(t *testing.T) {
	t.Parallel()
	primary := Start(t, NoSync)
	direct := primary.Database(t)
	standby := primary.Standby(t, Synchronous)
	url := primary.URL(DatabaseOf(direct), standby)
	Exec(t, url, "CREATE TABLE one (n bigint); INSERT INTO one VALUES (1)")

	standby.Pause(t)
	conn := connect(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := conn.Exec(ctx, "INSERT INTO one VALUES (2)").ReadAll(); err == nil {
		t.Error("a commit was acknowledged that the standby does not have")
	}
	standby.Continue(t)

	primary.Kill(t)
	standby.Promote(t)
	Exec(t, url, "INSERT INTO one VALUES (3)") // the address names both servers
	if rows := Exec(t, url, "SELECT count(*) FROM one WHERE n IN (1, 3)"); rows[0][0] != "2" {
		t.Errorf("%s rows of those that were acknowledged, want 2", rows[0][0])
	}
	if rows := Exec(t, url, "SHOW synchronous_standby_names"); rows[0][0] != "" {
		t.Errorf("the new primary waits for %q", rows[0][0])
	}
}

// TestAsynchronousStandby: what the standby has not got yet is acknowledged, and is lost with the primary.
func TestAsynchronousStandby(t *testing.T) {
	t.Parallel()
	primary := Start(t, NoSync)
	direct := primary.Database(t)
	Exec(t, direct, "CREATE TABLE one (n bigint)")
	standby := primary.Standby(t, Asynchronous)
	standby.Stop(t, Fast)
	Exec(t, direct, "INSERT INTO one VALUES (1)")
	primary.Kill(t)
	standby.Start(t)
	standby.Promote(t)
	if rows := Exec(t, standby.URL(DatabaseOf(direct)), "SELECT n FROM one"); len(rows) != 0 {
		t.Errorf("the standby has %d rows that were never sent to it", len(rows))
	}
	second := standby.Standby(t, Asynchronous)
	if got := second.Ask(t, "SELECT pg_is_in_recovery()")[0][0]; got != "t" {
		t.Errorf("the standby of the new primary is not in recovery: %s", got)
	}
}

// TestDisk: on a full disk writes fail, and go on when there is room.
func TestDisk(t *testing.T) {
	t.Parallel()
	disk := NewDisk(t, 160)
	server := StartAt(t, Place{Disk: disk}, NoSync)
	url := server.Database(t)
	Exec(t, url, "CREATE TABLE one (n bigint, filler text)")
	disk.Fill(t)
	conn := connect(t, url)
	write := "INSERT INTO one SELECT n, repeat('x', 1000) FROM generate_series(1, 3000) n"
	if _, err := conn.Exec(t.Context(), write).ReadAll(); err == nil {
		t.Error("a full disk took three megabytes")
	} else {
		t.Log(err)
	}
	disk.Free(t)
	Exec(t, url, write)
}
