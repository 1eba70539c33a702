package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// rig is one gateway with its SMSC, each in a process of its own, on a new
// database.
type rig struct {
	dir       string
	http      string
	smpp      string
	control   string // HTTP address of the simulator
	pprof     string // of the gateway's profiler
	profile   string // file of the profile, empty for none
	gateway   *process
	simulator *process
}

const (
	account = "bench"
	key     = "bench-key"
)

// configuration is the file of the gateway under measurement.
const configuration = `data: %s/data
http: {listen: %s}
smpp: {listen: %s}
webhooks: {allow: [127.0.0.0/8]}
log: {level: warn}
connectors:
  - {name: op1, kind: smpp, hosts: [%s], system_id: kurir, password: secret, sessions: 4, window: 500, lookahead: 500}
accounts:
  - {name: bench, password: secret, api_keys: [bench-key], senders: ["*"], smpp: {sessions: 100, window: 5000}}
routes:
  - {to: "*", via: [op1]}
`

// newRig starts a simulator and a gateway, which is the program given, and
// waits until the link between them is up.
func newRig(ctx context.Context, o options, program string, s scenario) (r *rig, err error) {
	r = &rig{}
	if o.profile {
		r.profile = profileFile(s.name)
	}
	if r.dir, err = os.MkdirTemp("", "kurir-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	var operator string
	for _, address := range []*string{&r.http, &r.smpp, &r.control, &r.pprof, &operator} {
		if *address, err = freePort(); err != nil {
			return nil, err
		}
	}
	flags := append([]string{"simulate", "--smpp", operator, "--http", r.control}, s.simulator...)
	if r.simulator, err = start(r.dir, "simulator", o.kurir, flags...); err != nil {
		return nil, err
	}
	file := filepath.Join(r.dir, "kurir.yaml")
	text := fmt.Sprintf(configuration, r.dir, r.http, r.smpp, operator)
	if err = os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	serve := []string{"serve", "-c", file}
	if o.profile {
		serve = append(serve, "--pprof", r.pprof)
	}
	if r.gateway, err = start(r.dir, "gateway", program, serve...); err != nil {
		return nil, err
	}
	return r, until(ctx, "the link to the simulator", func() bool {
		page, err := get(ctx, "http://"+r.http+"/metrics")
		return err == nil && strings.Contains(page, `kurir_link_up{link="op1"} 1`)
	})
}

// close stops both and removes the database.
func (r *rig) close() {
	for _, p := range []*process{r.gateway, r.simulator} {
		if p != nil {
			p.stop()
		}
	}
	_ = os.RemoveAll(r.dir)
}

// databaseBytes returns the size of the database on disk.
func (r *rig) databaseBytes() (n int64) {
	files, _ := filepath.Glob(filepath.Join(r.dir, "data", "*"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			n += info.Size()
		}
	}
	return n
}
