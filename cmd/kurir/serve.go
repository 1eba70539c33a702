package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"kurir/app"
	"kurir/config"
)

// newServeCmd makes `kurir serve`.
func newServeCmd() *cobra.Command {
	var path, profile string
	cmd := &cobra.Command{
		Use:   "serve [-c kurir.yaml]",
		Short: "Run the gateway",
		Long: "Run the gateway until it is told to stop (SIGTERM, Ctrl-C). SIGHUP reads the file again;\n" +
			"a file with a mistake changes nothing.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// From the beginning and to the end: a SIGHUP that comes while the
			// database is being read, or while the server stops, must not end
			// the program.
			hup := make(chan os.Signal, 1)
			signal.Notify(hup, syscall.SIGHUP)
			file, mistakes := config.Load(path)
			if len(mistakes) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), mistakes)
				return errReported
			}
			log := newLogger(cmd.ErrOrStderr(), file.Log)
			logWarnings(log, file)
			a, err := app.New(cmd.Context(), app.Options{File: file, Log: log, Version: programVersion()})
			if err != nil {
				return err
			}
			serveProfile(profile)
			stop := reloadOnSignal(cmd.Context(), hup, a, path, log)
			defer stop()
			return a.Run(cmd.Context())
		},
	}
	configFlag(cmd, &path)
	profileFlag(cmd.Flags(), &profile)
	return cmd
}

// reloadOnSignal reads the file again at every signal, until stop is called.
func reloadOnSignal(ctx context.Context, hup <-chan os.Signal, a *app.App, path string, log *slog.Logger) (stop func()) {
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-hup:
			case <-done:
				return
			}
			file, mistakes := config.Load(path)
			if len(mistakes) > 0 {
				for _, m := range mistakes {
					log.Error("the configuration file has a mistake, nothing is changed", "mistake", m.Error())
				}
				continue
			}
			logWarnings(log, file)
			if err := a.Reload(ctx, file); err != nil {
				log.Error("the configuration could not be put into force", "error", err)
			}
		}
	}()
	return func() { close(done) }
}

// logWarnings says what in the file has no effect.
func logWarnings(log *slog.Logger, file *config.File) {
	for _, w := range file.Warnings {
		log.Warn("something in the configuration file has no effect", "warning", w.Error())
	}
}
