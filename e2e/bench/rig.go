package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"kurir/load"
)

// rig is one gateway with its SMSC, each in a process of its own, on a new
// database.
type rig struct {
	dir       string
	http      string
	smpp      string
	control   string // HTTP address of the simulator
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

// newRig starts a simulator with the flags given and a gateway, and waits
// until the link between them is up.
func newRig(ctx context.Context, kurir string, simulatorFlags ...string) (r *rig, err error) {
	r = &rig{}
	if r.dir, err = os.MkdirTemp("", "kurir-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	var operator string
	for _, address := range []*string{&r.http, &r.smpp, &r.control, &operator} {
		if *address, err = freePort(); err != nil {
			return nil, err
		}
	}
	flags := append([]string{"simulate", "--smpp", operator, "--http", r.control}, simulatorFlags...)
	if r.simulator, err = start(r.dir, "simulator", kurir, flags...); err != nil {
		return nil, err
	}
	file := filepath.Join(r.dir, "kurir.yaml")
	text := fmt.Sprintf(configuration, r.dir, r.http, r.smpp, operator)
	if err = os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if r.gateway, err = start(r.dir, "gateway", kurir, "serve", "-c", file); err != nil {
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

// runJSON runs the program and reads what it prints as JSON.
func runJSON(ctx context.Context, into any, kurir string, args ...string) error {
	cmd := exec.CommandContext(ctx, kurir, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("kurir %s: %w", strings.Join(args, " "), err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("read what kurir %s printed: %w", args[0], err)
	}
	return nil
}

// result is one run of one scenario.
type result struct {
	load.Report
	GatewayCPU   float64 `json:"gateway_cpu_per_100000"` // seconds
	SimulatorCPU float64 `json:"simulator_cpu_per_100000"`
	Resident     int64   `json:"resident"`          // octets of the gateway at the end
	PerMessage   int64   `json:"bytes_per_message"` // on disk
}

// measure runs the generator against a new rig and adds what the processes
// used meanwhile.
func measure(ctx context.Context, kurir string, s scenario, warm, length time.Duration) (res result, err error) {
	r, err := newRig(ctx, kurir, s.simulator...)
	if err != nil {
		return res, err
	}
	defer r.close()
	gatewayBefore, err := r.gateway.usage()
	if err != nil {
		return res, err
	}
	simulatorBefore, err := r.simulator.usage()
	if err != nil {
		return res, err
	}
	args := append(s.load(r), "--warm-up", warm.String(), "--duration", length.String())
	if res.Report, err = generate(ctx, kurir, args...); err != nil {
		return res, err
	}
	gatewayAfter, err := r.gateway.usage()
	if err != nil {
		return res, err
	}
	simulatorAfter, err := r.simulator.usage()
	if err != nil {
		return res, err
	}
	lives := float64(res.Accepted) / 100_000
	res.GatewayCPU = (gatewayAfter.cpu - gatewayBefore.cpu).Seconds() / lives
	res.SimulatorCPU = (simulatorAfter.cpu - simulatorBefore.cpu).Seconds() / lives
	res.Resident = gatewayAfter.resident
	res.PerMessage = r.databaseBytes() / max(1, res.Accepted)
	return res, nil
}
