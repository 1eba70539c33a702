package pgtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Bouncer starts a pgbouncer in transaction mode in front of a database and returns the database's address through it.
// Settings are further lines of its section [pgbouncer]. It is ended when the test is over. Without pgbouncer the test
// is skipped; with CI=true it fails.
func Bouncer(tb testing.TB, url string, settings ...string) string {
	tb.Helper()
	pgbouncer := "/usr/sbin/pgbouncer" // not in everybody's PATH
	if _, err := os.Stat(pgbouncer); err != nil {
		if pgbouncer, err = exec.LookPath("pgbouncer"); err != nil {
			missing(tb, "pgbouncer is not installed (make peers installs it)")
		}
	}
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		tb.Fatal(err)
	}
	who, err := owner()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := newFolder(who)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := reservePort()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		p.free()
		_ = os.RemoveAll(dir)
	})
	if err := writeBouncer(dir, who, config, p.number, settings); err != nil {
		tb.Fatal(err)
	}
	output := filepath.Join(dir, "log")
	daemon, err := launch(who, dir, output, pgbouncer, "pgbouncer.ini")
	if err != nil {
		tb.Fatalf("starting pgbouncer: %v", err)
	}
	tb.Cleanup(func() {
		if !daemon.ended() {
			_ = syscall.Kill(daemon.id, syscall.SIGKILL)
			waitFor(patience, daemon.ended)
		}
	})
	through := fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", config.User, p.number, config.Database)
	if !waitFor(patience, func() bool { return daemon.ended() || answers(through) }) || daemon.ended() {
		text, _ := os.ReadFile(output)
		tb.Fatalf("pgbouncer does not answer; it says:\n%s", text)
	}
	return through
}

func answers(url string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	_, err := execute(ctx, url, "SELECT 1")
	return err == nil
}

func writeBouncer(dir string, who *syscall.Credential, behind *pgconn.Config, number int, settings []string) error {
	host, port, err := net.SplitHostPort(net.JoinHostPort(behind.Host, fmt.Sprint(behind.Port)))
	if err != nil {
		return err
	}
	lines := append([]string{
		"[databases]",
		fmt.Sprintf("%s = host=%s port=%s", behind.Database, host, port),
		"[pgbouncer]",
		"listen_addr = 127.0.0.1",
		fmt.Sprintf("listen_port = %d", number),
		"unix_socket_dir =",
		"auth_type = trust",
		"auth_file = users.txt",
		"pool_mode = transaction",
		"max_client_conn = 500",
	}, settings...)
	files := map[string]string{
		"pgbouncer.ini": strings.Join(lines, "\n") + "\n",
		"users.txt":     fmt.Sprintf("%q \"\"\n", behind.User),
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
		if err := own(path, who); err != nil {
			return err
		}
	}
	return nil
}
