package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/pgtest"
	"kurir/simulator"
)

// onto moves a server that has ended to a PostgreSQL database, and starts it there.
func (s *server) onto(database string) {
	s.t.Helper()
	out, code := run(s.t, ours, s.dir, s.binary, "migrate", "-c", s.path(), "--to", database)
	if code != 0 || !strings.Contains(out, "counts and checksums are the same") {
		s.t.Fatalf("kurir migrate: exit code %d\n%s", code, out)
	}
	out, code = run(s.t, ours, s.dir, s.binary, "serve", "-c", s.path())
	if code == 0 || !strings.Contains(out, "were moved to PostgreSQL") {
		s.t.Fatalf("kurir serve on SQLite after the move: exit code %d\n%s", code, out)
	}
	text, err := os.ReadFile(s.path())
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("database: " + database + "\n" + string(text))
	s.start()
}

// TestMigrateUnderLoad moves a server from SQLite to PostgreSQL while customers send, once after it was stopped and once after it was
// killed: what was accepted is lost by neither.
func TestMigrateUnderLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		twice int
		end   func(*process)
	}{
		{"stopped", 0, (*process).stop},
		{"killed", loadSessions * 2 * loadWindow, (*process).kill},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := pgtest.Start(t, pgtest.NoSync)
			x := loadExperiment{faults: 1, twice: c.twice}
			x.fault = func(int) {
				c.end(x.s.proc)
				x.s.onto(server.Database(t))
			}
			x.run(t)
		})
	}
}

// TestMigrateUnderWay moves a server with messages at every station: each goes on where it was, once.
func TestMigrateUnderWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(*process)
	}{{"stopped", (*process).stop}, {"killed", (*process).kill}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const each = 30
			database := pgtest.Shared(t).Database(t)
			sim, h, late := startSimulator(t, simulator.Options{}), startHook(t), freeAddr(t)
			h.answer(func(int) int { return http.StatusServiceUnavailable })
			s := startServer(t, sim, serverOptions{
				connectors: []string{linkTo("op1", sim.Addr(), ""), linkTo("op2", late, "")},
				routes:     []string{`{to: "+4670?????71", via: [op2]}`, `{to: "*", via: [op1]}`},
				binary:     plainBinary(t),
			})
			linked(t, sim)
			texts := map[string]string{} // by id
			send := func(kind, to string, n int, fields ...string) (ids []string) {
				for i, phone := range phones(n, to) {
					text := fmt.Sprintf("%s%03d %s", kind, i, textMark)
					id := s.send("+"+phone, text, append(fields, "webhook", h.URL+"/state")...)
					texts[id], ids = text, append(ids, id)
				}
				return ids
			}
			owed := send("owed", "1", each)
			enroute := send("enroute", "99504", each) // their receipts come after 10 s
			waiting := send("waiting", "71", each)
			due := time.Now().Add(20 * time.Second)
			scheduled := send("scheduled", "2", each, "send_at", due.UTC().Format(time.RFC3339Nano))
			for i := range each { // or kill -9 would find some without an answer, which are sent again
				s.becomes(owed[i], "delivered")
				s.hasLeft(enroute[i])
			}
			c.end(s.proc)
			h.answer(func(int) int { return http.StatusOK })
			s.onto(database)
			if v := s.message(waiting[0]); v.State != "queued" {
				t.Errorf("what waits is %s", v.State)
			}
			if v := s.message(scheduled[0]); v.State != "scheduled" && time.Now().Before(due) {
				t.Errorf("what is scheduled is %s", v.State)
			}
			sim2 := startSimulator(t, simulator.Options{SMPP: late})
			told := map[string]int{}
			for len(told) < len(texts) {
				e := event{}
				call := receive(t, "the states of all messages", h.calls)
				if err := json.Unmarshal(call.Body, &e); err != nil {
					t.Fatal(err)
				}
				if call.Status == http.StatusOK && final[e.Data.State] {
					told[e.Data.ID]++
				}
			}
			for id, text := range texts {
				if v := s.message(id); v.State != "delivered" {
					t.Errorf("%s is %s", text, v.State)
				}
				if n := len(sim.Messages(simulator.Filter{Text: text})) + len(sim2.Messages(simulator.Filter{Text: text})); n != 1 || told[id] != 1 {
					t.Errorf("%s was sent %d times, and its state told %d times", text, n, told[id])
				}
			}
		})
	}
}

// TestBackupUnderLoad copies the database while messages go by, and puts the copy in place elsewhere: it is whole, nothing that is in it is sent
// again, and the server that it is of goes on.
func TestBackupUnderLoad(t *testing.T) {
	const copies = 3
	folder := t.TempDir()
	x := loadExperiment{faults: copies}
	x.fault = func(i int) {
		out, code := run(t, ours, x.s.dir, x.s.binary, "backup", "-c", x.s.path(), "--to", folder, "--keep", "1", "--full")
		if code != 0 || !strings.Contains(out, "checked and whole") {
			t.Fatalf("kurir backup: exit code %d\n%s", code, out)
		}
		if i < copies-1 {
			return
		}
		if list, err := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(list) != 1 {
			t.Errorf("the folder has %q, want the newest copy", list)
		}
		restoreBeside(t, x.s, folder)
	}
	x.run(t)
}

// restoreBeside starts a second server with a copy of the first, with an operator of its own.
func restoreBeside(t *testing.T, of *server, folder string) {
	t.Helper()
	sim := startSimulator(t, simulator.Options{})
	s := prepareServer(t, sim, serverOptions{binary: of.binary})
	out, code := run(t, ours, s.dir, s.binary, "restore", "-c", s.path(), "--from", folder)
	if code != 0 || !strings.Contains(out, "may have been sent since") {
		t.Fatalf("kurir restore: exit code %d\n%s", code, out)
	}
	t.Log(out)
	s.start()
	linked(t, sim)
	s.becomes(s.send("+46701234567", "after "+textMark), "delivered")
	if n := sim.Stats().Submitted; n != 1 {
		t.Errorf("the operator of the restored server got %d messages, want 1", n)
	}
	s.proc.stop()
}
