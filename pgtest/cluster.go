package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// trust lets everybody in who can reach a server at all: loopback, and the addresses of namespaces on this machine.
const trust = `local all,replication all trust
host all,replication all 127.0.0.1/32 trust
host all,replication all 10.0.0.0/8 trust
`

// fresh is the folder of a cluster that nobody starts. Each server of this process begins with a copy, which takes a tenth of what
// initdb does.
var fresh = sync.OnceValues(func() (string, error) {
	who, err := owner()
	if err != nil {
		return "", err
	}
	dir, err := newFolder(who)
	if err != nil {
		return "", err
	}
	initdb, err := program("initdb")
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "fresh")
	// What initdb writes need not survive a power failure: before the first test there is nothing to lose.
	return data, complete(who, dir, initdb, "-D", data, "-U", "postgres", "--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync", "--no-instructions")
})

// initialize makes the cluster and starts it.
func (s *Server) initialize() error {
	from, err := fresh()
	if err != nil {
		return err
	}
	if err := complete(s.who, s.dir, "/bin/cp", "-a", from, s.data); err != nil {
		return err
	}
	if err := s.write("pg_hba.conf", trust); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	if err := s.run(); err != nil {
		return err
	}
	_, err = s.ask("CREATE ROLE kurir LOGIN")
	return err
}

// configure writes postgresql.conf: ours first, so that a line of the test's stands.
func (s *Server) configure() error {
	addresses := []string{"127.0.0.1"}
	if s.place.Address != "" {
		addresses = append(addresses, s.place.Address)
	}
	ours := []string{
		fmt.Sprintf("listen_addresses = '%s'", strings.Join(addresses, ",")),
		fmt.Sprintf("port = %d", s.number),
		fmt.Sprintf("unix_socket_directories = '%s'", s.dir),
		fmt.Sprintf("cluster_name = '%s'", s.name),
		"dynamic_shared_memory_type = mmap", // in the folder, where one that is killed leaves nothing behind
		"wal_keep_size = 256MB",             // a standby that was away finds what it has missed
		"log_line_prefix = '%m [%p] %d '",
		"log_timezone = UTC",
		"timezone = UTC",
	}
	if len(s.standbys) > 0 {
		ours = append(ours, fmt.Sprintf("synchronous_standby_names = 'FIRST 1 (%s)'", strings.Join(s.standbys, ",")))
	}
	return s.write("postgresql.conf", strings.Join(append(ours, s.settings...), "\n")+"\n")
}

// write writes a file of the cluster.
func (s *Server) write(name, text string) error {
	path := filepath.Join(s.data, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return own(path, s.who)
}
