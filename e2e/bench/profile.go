package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// collectAll takes a CPU profile of each gateway at the same time.
func (r *rig) collectAll(ctx context.Context, length time.Duration) error {
	nodes := r.nodes()
	errs := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { errs[i] = n.collect(ctx, r.profileOf(i), length) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// profileOf is the file of the i-th gateway.
func (r *rig) profileOf(i int) string {
	if i == 0 {
		return r.profile
	}
	return fmt.Sprintf("%s.%d", r.profile, i)
}

func (r *rig) printProfiles(ctx context.Context, scenario string) error {
	if r.database != "" {
		if err := printStatements(ctx, scenario, r.database); err != nil {
			return err
		}
	}
	for i := range r.nodes() {
		if err := printProfile(scenario, r.profileOf(i)); err != nil {
			return err
		}
	}
	return nil
}

// collect takes a CPU profile of the gateway for a time, into a file of the
// folder for temporary files.
func (r *node) collect(ctx context.Context, file string, length time.Duration) error {
	seconds := max(1, int(length.Seconds()))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", r.pprof, seconds), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("profile: the gateway answered %s", resp.Status)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, resp.Body); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return f.Close()
}

// profileFile is where the last profile of a scenario stands.
func profileFile(scenario string) string {
	return filepath.Join(os.TempDir(), "kurir-bench-"+scenario+".pprof")
}

// printProfile prints the functions that took most, alone and with what they
// call.
func printProfile(scenario, file string) error {
	for _, order := range []string{"-flat", "-cum"} {
		fmt.Printf("%-18s profile %s (%s)\n", scenario, order, file)
		cmd := exec.Command("go", "tool", "pprof", "-top", order, "-nodecount", "45", file)
		cmd.Stdout, cmd.Stderr = os.Stdout, io.Discard
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go tool pprof: %w", err)
		}
	}
	return nil
}
