package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/e2e/netns"
	"kurir/pgtest"
	"kurir/simulator"
)

// variables are what the files of the folder deploy take from the environment, as tests have it.
var variables = []string{
	"OPERATOR", linkPass, "PAIR", secretMark + "two", "SHOP", password, "SHOP_KEY", apiKey, "OPS_KEY", apiKey + "-ops", "DATABASE", secretMark + "db",
}

// TestDeployed: the configuration files of the folder deploy are without a mistake as they stand there.
func TestDeployed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../deploy/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range files {
		cmd := exec.Command(raceBinary(t), "check", "-c", name)
		cmd.Env = os.Environ()
		for i := 0; i < len(variables); i += 2 {
			cmd.Env = append(cmd.Env, variables[i]+"="+variables[i+1])
		}
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

// cluster is three servers on one PostgreSQL, an operator and a client, each on a host of its own: what stands between client
// and servers is the test's.
type cluster struct {
	network  *netns.Network
	nodes    [3]*server
	hosts    [3]*netns.Host
	database *netns.Host
	operator *netns.Host
	client   *netns.Host
	sim      *simulator.Simulator
}

// newCluster makes the hosts. The servers are started with start.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	x := &cluster{network: netns.New(t)}
	for i, name := range []string{"a", "b", "c"} {
		x.hosts[i] = x.network.Host(t, name)
	}
	x.database, x.operator, x.client = x.network.Host(t, "database"), x.network.Host(t, "operator"), x.network.Host(t, "client")
	return x
}

func (x *cluster) start(t *testing.T, opt serverOptions) {
	t.Helper()
	x.sim = startSimulatorOn(t, x.operator, simulator.Options{Phones: -1, Behaviour: simulator.Behaviour{
		Latency: simulator.Duration(2 * time.Millisecond), Receipts: simulator.ReceiptTime{After: 20 * time.Millisecond},
	}})
	place := pgtest.Place{Namespace: x.database.Namespace(), Address: x.database.Address()}
	database := pgtest.StartAt(t, place, pgtest.NoSync).Database(t)
	opt.binary = plainBinary(t)
	opt.link = fmt.Sprintf(", sessions: %d, window: %d, lookahead: %d", clusterSessions, clusterWindow, clusterWindow)
	var starting sync.WaitGroup
	for i, name := range []string{"a", "b", "c"} {
		one := opt
		one.on, one.more = x.hosts[i], fmt.Sprintf("database: %s\nnode: %s\nwebhooks: {allow: [10.66.0.0/16]}", database, name)
		x.nodes[i] = prepareServer(t, x.sim, one)
		x.nodes[i].launch()
		starting.Go(func() { listens(x.client, x.nodes[i].http) })
	}
	starting.Wait()
	eventually(t, "each server has a session", func() bool {
		return x.nodes[0].sessions() == 1 && x.nodes[1].sessions() == 1 && x.nodes[2].sessions() == 1
	})
}

// listens waits until somebody listens on an address that a host reaches, for as long as is sensible.
func listens(from *netns.Host, addr string) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		c, err := from.DialContext(ctx, "tcp", addr)
		if err == nil {
			c.Close()
			cancel()
			return true
		}
		<-time.After(20 * time.Millisecond)
		cancel()
	}
	return false
}

// back starts a server again. After a crash it waits for its place, and for the others to have taken over what it had, which on a
// busy machine takes a while.
func (x *cluster) back(t *testing.T, i int) {
	t.Helper()
	x.nodes[i].launch()
	within(t, 3*patience, "the server is back", func() bool {
		status, _ := x.nodes[i].get("/readyz")
		return status == http.StatusOK
	})
}

// dies cuts a server off from all, as if its machine had lost its power.
func (x *cluster) dies(t *testing.T, i int, others ...*netns.Host) {
	t.Helper()
	others = append(others, x.operator, x.client, x.database)
	for j, h := range x.hosts {
		if j != i {
			others = append(others, h)
		}
	}
	for _, h := range others {
		x.network.Cut(t, x.hosts[i], h)
		x.network.Cut(t, h, x.hosts[i])
	}
}

// deployed writes a file of the folder deploy for hosts of a test: addresses are replaced, and nothing else but the folder that a
// daemon of the system has its socket in.
func deployed(t *testing.T, name string, own string, hosts [3]*netns.Host) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	pairs := []string{"10.0.0.10", own, "/run/haproxy/", dir + "/"}
	for i, h := range hosts {
		pairs = append(pairs, fmt.Sprintf("10.0.0.1%d", i+1), h.Address())
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// onHost runs a program of others on a host until the test ends.
func onHost(t *testing.T, host *netns.Host, dir, name string, args ...string) *process {
	t.Helper()
	line := host.Command(name, args...)
	return start(t, foreign, dir, line[0], line[1:]...)
}

func startHAProxy(t *testing.T, host *netns.Host, hosts [3]*netns.Host) *process {
	t.Helper()
	path := deployed(t, "haproxy.cfg", host.Address(), hosts)
	return onHost(t, host, filepath.Dir(path), program(t, "/usr/sbin/haproxy", "HAProxy"), "-db", "-f", path)
}

// startNginx runs nginx with the file as one of its conf.d.
func startNginx(t *testing.T, host *netns.Host, hosts [3]*netns.Host) *process {
	t.Helper()
	path := deployed(t, "nginx.conf", host.Address(), hosts)
	dir := filepath.Dir(path)
	whole := fmt.Sprintf("daemon off;\nmaster_process off;\npid %[1]s/pid;\nerror_log stderr warn;\nevents {}\nhttp {\n access_log off;\n", dir)
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		whole += fmt.Sprintf(" %s_temp_path %s/%s;\n", kind, dir, kind)
	}
	whole += " include " + path + ";\n}\n"
	main := filepath.Join(dir, "main.conf")
	if err := os.WriteFile(main, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
	return onHost(t, host, dir, program(t, "/usr/sbin/nginx", "nginx"), "-c", main, "-p", dir)
}

// program is a daemon of others, which may not be in PATH.
func program(t *testing.T, path, name string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		missing(t, name+" is not installed")
	}
	return path
}
