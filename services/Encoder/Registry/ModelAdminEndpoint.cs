using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Contracts;

namespace Retrieval.Encoder;

/// <summary>Models in and out of memory while the server runs, for who operates it.</summary>
internal static class ModelAdminEndpoint
{
    public const string Route = "/v1/admin/models";

    private const int MostName = 200;

    public static void Map(IEndpointRouteBuilder routes)
    {
        Problems(routes.MapGet(Route, (LocalEncoder encoder) => Results.Json(encoder.Registry.List(), WireJson.Strict.ModelList)))
            .WithSummary("The models of the encoder and what they take").Produces<ModelList>();
        Problems(routes.MapPost(Route, AddAsync), 400, 403, 413, 429)
            .WithSummary("Serves one more model").WithDescription("The folder must be below Encoder:ModelsFolder. Over Encoder:ModelBytes, models that were not used for longest are unloaded; the next request loads them again.")
            .Accepts<ModelInput>("application/json").Produces<ModelInfo>(StatusCodes.Status201Created);
        Problems(routes.MapPost(Route + "/{model}/load", async (string model, LocalEncoder encoder, CancellationToken cancellationToken) =>
            Results.Json(await encoder.Registry.LoadAsync(Named(model), cancellationToken), WireJson.Strict.ModelInfo)), 400, 404, 413, 429)
            .WithSummary("Loads a model now, one that failed before included").Produces<ModelInfo>();
        Problems(routes.MapPost(Route + "/{model}/unload", (string model, LocalEncoder encoder) => Results.Json(encoder.Registry.Unload(Named(model)), WireJson.Strict.ModelInfo)), 404, 409)
            .WithSummary("Takes a model out of memory until the next request for it").Produces<ModelInfo>();
        Problems(routes.MapDelete(Route + "/{model}", (string model, LocalEncoder encoder) =>
        {
            encoder.Registry.Remove(Named(model));
            return Results.NoContent();
        }), 404, 409).WithSummary("Serves a model no more, until the next start").Produces(StatusCodes.Status204NoContent);
    }

    /// <summary>A client may name any folder of the machine otherwise.</summary>
    private static async Task<IResult> AddAsync(ModelInput input, LocalEncoder encoder, EncoderOptions options, CancellationToken cancellationToken)
    {
        if (options.ModelsFolder is not { Length: > 0 } root)
        {
            throw new RetrievalException(ErrorKind.Forbidden, "Models are added over HTTP only from one folder, and none is set.", "path", input.Path, help: "Set Encoder:ModelsFolder, or name the model in Encoder:Models.");
        }
        string below = Path.GetFullPath(root).TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, path = Path.GetFullPath(Path.Combine(below, input.Path));
        if (!path.StartsWith(below, StringComparison.Ordinal))
        {
            throw new RetrievalException(ErrorKind.Forbidden, "The folder is not below Encoder:ModelsFolder.", "path", input.Path, below, "Name a folder below it.");
        }
        if (input.Name is { Length: 0 or > MostName })
        {
            throw new RetrievalException(ErrorKind.Invalid, "A model needs a name.", "name", input.Name[..Math.Min(input.Name.Length, MostName)], $"1 to {MostName} characters", "Leave it out to take the folder's.");
        }
        if (input.MaxTokens < ModelOptions.LeastTokens)
        {
            throw new RetrievalException(ErrorKind.Invalid, "A model reads more tokens than that.", "maxTokens", $"{input.MaxTokens}", $"at least {ModelOptions.LeastTokens}", "Leave it out to take what the folder says.");
        }
        ModelInfo added = await encoder.Registry.AddAsync(new ModelOptions { Path = path, Name = input.Name, MaxTokens = input.MaxTokens }, cancellationToken);
        return Results.Json(added, WireJson.Strict.ModelInfo, statusCode: StatusCodes.Status201Created);
    }

    /// <summary>A slash inside a name arrives escaped, and the router leaves it so.</summary>
    private static string Named(string model) => model.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static RouteHandlerBuilder Problems(RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (int status in statuses)
        {
            route.Produces<ProblemBody>(status, ProblemBody.MediaType);
        }
        return route.Produces<ProblemBody>(StatusCodes.Status503ServiceUnavailable, ProblemBody.MediaType);
    }
}
