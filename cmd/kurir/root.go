package main

import (
	"github.com/spf13/cobra"
)

// newRootCmd builds the whole command line. A new command is a file with its constructor and a line here.
func newRootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:           "kurir",
		Short:         "A self-hosted SMS gateway",
		Long:          "Kurir connects everything in an organisation that sends or receives text messages\nwith everything that carries them. To try it: kurir demo",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(
		newCheckCmd(),
		newFillCmd(),
		newBackupCmd(),
		newRestoreCmd(),
		newConfigCmd(),
		newInboundCmd(),
		newLinkCmd(),
		newQueueCmd(),
		newRotaCmd(),
		newEscalationCmd(),
		newRouteCmd(),
		newStatusCmd(),
		newBalanceCmd(),
		newReportCmd(),
		newTraceCmd(),
		newLoadCmd(),
		newMigrateCmd(),
		newSendCmd(),
		newUserCmd(),
		newSimulateCmd(),
		newVersionCmd(),
		newServeCmd(),
		newDemoCmd(),
	)
	root.SetHelpCommand(newHelpCmd())
	nameCommands(root)
	plainFlags(root)
	return root
}
