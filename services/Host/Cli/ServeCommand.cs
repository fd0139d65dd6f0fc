using System.CommandLine;
using Retrieval.Contracts;

namespace Retrieval.Host.Cli;

/// <summary><c>retrieval serve</c>.</summary>
internal static class ServeCommand
{
    public static Command Create(CommonOptions common)
    {
        Option<bool> sample = new("--sample") { Description = "Load the bundled sample corpus into the collection 'sample' and answer three questions about it" };
        Option<string?> roles = new("--roles") { Description = $"Roles of this process, separated by commas; default all: {string.Join(',', Enum.GetNames<Role>()).ToLowerInvariant()}", HelpName = "roles" };
        Command command = new("serve", "Run the server until Ctrl-C. Any setting can be given as --Section:Key value, as RETRIEVAL__Section__Key in the environment, or in appsettings.json.") { sample, roles };
        HelpExamples.Add(command, "retrieval serve --sample", "retrieval serve --data ./data --urls http://localhost:9000", "retrieval serve --Encoder:Models:0:Path ./models/bge-small-en-v1.5");
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, cancellationToken) =>
        {
            string? chosen = parsed.GetValue(roles);
            return RunAsync(common.Load(parsed, chosen is null ? [] : [new("Roles", chosen)]), parsed.GetValue(sample), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(Settings settings, bool sample, CancellationToken cancellationToken)
    {
        if (sample && !settings.Roles.Contains(Role.Gateway))
        {
            throw new RetrievalException(ErrorKind.Invalid, "--sample needs the Gateway role in this process.", "--sample", help: "Add Gateway to --roles, or leave --sample out.");
        }
        await using WebApplication app = await RetrievalHost.CreateAsync(settings, cancellationToken);
        await RetrievalHost.StartAsync(app, settings, cancellationToken);
        try
        {
            Readiness readiness = app.Services.GetRequiredService<Readiness>();
            if (await readiness.WaitAsync(cancellationToken) && settings.Roles.Contains(Role.Gateway))
            {
                await Welcome.GreetAsync(app.Urls.First(), settings, sample, cancellationToken);
            }
            await app.WaitForShutdownAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C: stop below.
        }
        finally
        {
            await app.StopAsync(CancellationToken.None);
        }
        return Environment.ExitCode;
    }
}
