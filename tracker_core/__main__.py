from tracker_core.cli import main

main()
