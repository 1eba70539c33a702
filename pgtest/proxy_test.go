package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestBouncer: behind a pooler in transaction mode two sessions that are open at once share one connection.
func TestBouncer(t *testing.T) {
	t.Parallel()
	url := Bouncer(t, Shared(t).Database(t), "default_pool_size = 1")
	ids := map[string]bool{}
	for range 2 {
		results, err := connect(t, url).Exec(t.Context(), "SELECT pg_backend_pid()").ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		ids[string(results[0].Rows[0][0])] = true
	}
	if len(ids) != 1 {
		t.Errorf("two sessions had %d connections, want 1", len(ids))
	}
}

// TestProxyHolds: what is held in one direction arrives after Heal, and the other direction goes on meanwhile.
func TestProxyHolds(t *testing.T) {
	t.Parallel()
	server, proxy := listenBehind(t)
	client, err := net.Dial("tcp", proxy.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	here, there := heard(client), heard(<-server)
	there.tell(t, "before")
	here.want(t, "before")

	proxy.Hold(ToServer)
	here.tell(t, "up")
	there.tell(t, "down")
	here.want(t, "down")
	there.wantNothing(t)
	proxy.Heal(t)
	there.want(t, "up")

	proxy.Hold(ToServer, ToClient)
	here.tell(t, "up")
	there.tell(t, "down")
	here.wantNothing(t)
	there.wantNothing(t)
	proxy.Heal(t)
	there.want(t, "up")
	here.want(t, "down")
}

// TestProxyCloses: connections break on both sides, new ones are refused, and after Heal they are taken at the same address.
func TestProxyCloses(t *testing.T) {
	t.Parallel()
	server, proxy := listenBehind(t)
	for range 3 {
		client, err := net.Dial("tcp", proxy.Address())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		here, there := heard(client), heard(<-server)
		proxy.Close()
		if _, more := <-here.lines; more {
			t.Error("the client's connection has survived")
		}
		if _, more := <-there.lines; more {
			t.Error("the server's connection has survived")
		}
		if c, err := net.Dial("tcp", proxy.Address()); err == nil {
			c.Close()
			t.Error("a closed proxy takes connections")
		}
		proxy.Heal(t)
	}
}

// TestProxyLosesAnswer: a commit is done whose answer never comes.
func TestProxyLosesAnswer(t *testing.T) {
	t.Parallel()
	direct := Shared(t).Database(t)
	Exec(t, direct, "CREATE TABLE one (n bigint)")
	config, err := pgconn.ParseConfig(direct)
	if err != nil {
		t.Fatal(err)
	}
	proxy := StartProxy(t, fmt.Sprintf("%s:%d", config.Host, config.Port))
	proxy.Watch(func(toServer []byte) {
		if strings.Contains(string(toServer), "COMMIT") {
			proxy.Hold(ToClient)
		}
	})
	conn := connect(t, proxy.URL(t, direct))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answer := make(chan error, 1)
	go func() {
		_, err := conn.Exec(ctx, "BEGIN; INSERT INTO one VALUES (1); COMMIT").ReadAll()
		answer <- err
	}()
	if !waitFor(patience, func() bool { return len(Exec(t, direct, "SELECT n FROM one")) == 1 }) {
		t.Error("nothing is committed")
	}
	select {
	case err := <-answer:
		t.Errorf("the answer was %v, want none", err)
	case <-time.After(200 * time.Millisecond):
		cancel()
		if err := <-answer; !errors.Is(err, context.Canceled) {
			t.Errorf("given up: %v", err)
		}
	}
}

// listenBehind gives a server's connections as they come, and a proxy in front of it.
func listenBehind(t *testing.T) (<-chan net.Conn, *Proxy) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn, 10)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			conns <- c
		}
	}()
	t.Cleanup(func() { listener.Close() })
	return conns, StartProxy(t, listener.Addr().String())
}

// ear is one end of a connection, and what is heard there.
type ear struct {
	conn  net.Conn
	lines chan string
}

func heard(c net.Conn) ear {
	e := ear{conn: c, lines: make(chan string, 10)}
	go func() {
		defer close(e.lines)
		for buf := make([]byte, 100); ; {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			e.lines <- string(buf[:n])
		}
	}()
	return e
}

func (e ear) tell(t *testing.T, text string) {
	t.Helper()
	if _, err := e.conn.Write([]byte(text)); err != nil {
		t.Error(err)
	}
}

func (e ear) want(t *testing.T, text string) {
	t.Helper()
	select {
	case got := <-e.lines:
		if got != text {
			t.Errorf("heard %q, want %q", got, text)
		}
	case <-time.After(time.Minute):
		t.Errorf("heard nothing, want %q", text)
	}
}

func (e ear) wantNothing(t *testing.T) {
	t.Helper()
	select {
	case got := <-e.lines:
		t.Errorf("heard %q, want nothing", got)
	case <-time.After(200 * time.Millisecond):
	}
}
