"""`lianqiao`."""
import typer
app = typer.Typer()
