package connector

import (
	"context"
	"log/slog"
)

// Config is the configuration of a link of any kind: a pointer to an SMPPConfig, UCPConfig, CIMD2Config or ModemConfig.
type Config interface {
	// Validate reports every mistake with the field that it is in.
	Validate(report func(field, problem string))
	// Every is what is said of every link, whatever it speaks, with defaults.
	Every() Common
	// Leases is how many sessions are opened by us, each of which one server holds.
	Leases() int
	// Make makes the link. shared is that of the process.
	Make(shared *Shared, log *slog.Logger) Link
}

// Link is a Connector that app can do everything with: all kinds are.
type Link interface {
	Connector
	Restarter
	Tracer
	Tester
	// LeaseBy has the link wait for the lease of each session before it opens it; see keeper.
	LeaseBy(acquire func(ctx context.Context, session int) (*Lease, error))
}

// LeaseBy implements Link.
func (k *keeper) LeaseBy(acquire func(ctx context.Context, session int) (*Lease, error)) {
	k.Acquire = acquire
}

// Every implements Config.
func (c *SMPPConfig) Every() Common { return c.WithDefaults().Common }

// Make implements Config.
func (c *SMPPConfig) Make(shared *Shared, log *slog.Logger) Link { return NewSMPP(*c, shared, log) }

// Every implements Config.
func (c *UCPConfig) Every() Common { return c.WithDefaults().Common }

// Make implements Config.
func (c *UCPConfig) Make(shared *Shared, log *slog.Logger) Link { return NewUCP(*c, shared, log) }

// Every implements Config.
func (c *CIMD2Config) Every() Common { return c.WithDefaults().Common }

// Make implements Config.
func (c *CIMD2Config) Make(shared *Shared, log *slog.Logger) Link { return NewCIMD2(*c, shared, log) }

// Every implements Config.
func (c *ModemConfig) Every() Common { return c.WithDefaults().Common }

// Make implements Config.
func (c *ModemConfig) Make(shared *Shared, log *slog.Logger) Link {
	p := NewModemPool(*c, shared, log)
	p.Folder = shared.Folder
	return p
}
