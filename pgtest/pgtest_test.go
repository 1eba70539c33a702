package pgtest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"kurir/leaktest"
)

func TestMain(m *testing.M) {
	if os.Getenv("PGTEST_VICTIM") != "" {
		os.Exit(m.Run()) // it is killed by the test that has started it
	}
	leaktest.Main(m)
}

// TestDatabase: each test has an empty database of its own, of a role that may not do everything, in UTF-8 and sorted by octets.
func TestDatabase(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			url := Shared(t).Database(t)
			Exec(t, url, "CREATE TABLE one (n bigint)")
			rows := Exec(t, url, "SELECT current_user, rolsuper, getdatabaseencoding(), datcollate, NULL FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()")
			if got := fmt.Sprint(rows); got != "[[kurir f UTF8 C NULL]]" {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestDatabaseDropped: at the end of its test a database is gone, though somebody is connected.
func TestDatabaseDropped(t *testing.T) {
	t.Parallel()
	server := Shared(t)
	var url string
	t.Run("user", func(t *testing.T) {
		url = server.Database(t)
		connect(t, url)
	})
	if rows := server.Ask(t, "SELECT 1 FROM pg_database WHERE datname = '"+DatabaseOf(url)+"'"); len(rows) != 0 {
		t.Errorf("%s is still there", url)
	}
}

// TestEnds: what was committed is there after each way to end, on the same port, and nobody answers meanwhile.
func TestEnds(t *testing.T) {
	t.Parallel()
	server := Start(t, NoSync)
	url := server.Database(t)
	Exec(t, url, "CREATE TABLE one (n bigint)")
	ends := map[string]func(){
		"fast":      func() { server.Stop(t, Fast) },
		"immediate": func() { server.Stop(t, Immediate) },
		"kill":      func() { server.Kill(t) },
	}
	n := 0
	for name, end := range ends {
		n++
		conn := connect(t, url)
		Exec(t, url, fmt.Sprintf("INSERT INTO one VALUES (%d)", n))
		end()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if _, err := conn.Exec(ctx, "SELECT 1").ReadAll(); err == nil {
			t.Errorf("%s: a connection has survived", name)
		}
		cancel()
		if c, err := net.Dial("tcp", server.Address()); err == nil {
			c.Close()
			t.Errorf("%s: somebody listens on the port", name)
		}
		if left := runningIn(server.data); len(left) != 0 {
			t.Errorf("%s: processes %v are left", name, left)
		}
		server.Start(t)
		if got := Exec(t, url, "SELECT count(*) FROM one")[0][0]; got != fmt.Sprint(n) {
			t.Errorf("%s: %s rows, want %d", name, got, n)
		}
	}
	server.Restart(t, Fast)
	server.Set(t, "work_mem = '5MB'")
	if got := Exec(t, url, "SHOW work_mem")[0][0]; got != "5MB" {
		t.Errorf("work_mem is %s", got)
	}
}

// TestPause: a paused server neither answers nor hangs up, and goes on where it was.
func TestPause(t *testing.T) {
	t.Parallel()
	server := Start(t, NoSync)
	conn := connect(t, server.Database(t))
	server.Pause(t)
	answer := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "SELECT 1").ReadAll()
		answer <- err
	}()
	select {
	case err := <-answer:
		t.Errorf("a paused server has answered: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	server.Continue(t)
	if err := <-answer; err != nil {
		t.Error(err)
	}
}

// TestPortIsKept: nobody else gets the port of a server that is down.
func TestPortIsKept(t *testing.T) {
	t.Parallel()
	p, err := reservePort()
	if err != nil {
		t.Fatal(err)
	}
	defer p.free()
	for range 200 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if l.Addr().(*net.TCPAddr).Port == p.number {
			t.Fatal("the kernel has given the port away")
		}
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p.number)) // as PostgreSQL does, with SO_REUSEADDR
	if err != nil {
		t.Fatalf("its owner cannot listen on it: %v", err)
	}
	l.Close()
}

// TestVictim is the test binary that TestNothingLeft kills.
func TestVictim(t *testing.T) {
	if os.Getenv("PGTEST_VICTIM") == "" {
		t.Skip("runs only within TestNothingLeft")
	}
	for _, server := range []*Server{Shared(t), Start(t, NoSync), Start(t, NoSync)} {
		connect(t, server.Database(t))
		fmt.Println("folder", server.dir)
		if server.number%2 == 0 {
			server.Pause(t)
		}
	}
	fmt.Println("ready")
	select {}
}

// TestNothingLeft: a test binary that is killed leaves neither processes nor files.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	Installed(t)
	victim := exec.Command(os.Args[0], "-test.run", "^TestVictim$")
	victim.Env = append(os.Environ(), "PGTEST_VICTIM=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var folders []string
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "ready"; {
		if folder, ok := strings.CutPrefix(lines.Text(), "folder "); ok {
			folders = append(folders, folder)
		}
	}
	if len(folders) != 3 {
		t.Errorf("the victim had servers in %q", folders)
	}
	_ = victim.Process.Signal(syscall.SIGKILL)
	_ = victim.Wait()
	for _, folder := range folders {
		gone := waitFor(patience, func() bool {
			_, err := os.Stat(folder)
			return os.IsNotExist(err) && len(runningIn(folder)) == 0
		})
		if !gone {
			t.Errorf("%s is still there, with processes %v", folder, runningIn(folder))
		}
	}
}

// connect opens a connection that the end of the test closes.
func connect(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
