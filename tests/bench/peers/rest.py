"""A plain ModelViewSet of django-rest-framework over the same tables: what one writes first."""

from typing import Any

from django.urls import include, path
from rest_framework.authentication import BaseAuthentication
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.relations import PrimaryKeyRelatedField
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import ModelViewSet

from contacts.models import Contact
from customfields.models import Field, FieldValue, Option
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import ApiToken, digest
from organizations.models import Organization


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        secret = request.headers["Authorization"].partition(" ")[2]
        return None, ApiToken.objects.select_related("workspace").get(token_hash=digest(secret))


class HasToken(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return request.auth is not None


class OrganizationSerializer(ModelSerializer):
    class Meta:
        model = Organization
        fields = ["id", "name"]


class OptionSerializer(ModelSerializer):
    class Meta:
        model = Option
        fields = ["id", "label"]


class ValueSerializer(ModelSerializer):
    option = OptionSerializer(read_only=True)

    class Meta:
        model = FieldValue
        fields = ["field_id", "text_value", "number_value", "date_value", "boolean_value", "option"]


class ContactSerializer(ModelSerializer):
    organization = OrganizationSerializer(read_only=True)
    field_values = ValueSerializer(many=True, read_only=True)

    class Meta:
        model = Contact
        fields = ["id", "name", "email", "organization", "field_values", "created_at", "updated_at", "source"]


class NewValueSerializer(ModelSerializer):
    field = PrimaryKeyRelatedField(queryset=Field._base_manager.all())
    option = PrimaryKeyRelatedField(queryset=Option._base_manager.all(), required=False)

    class Meta:
        model = FieldValue
        fields = ["field", "text_value", "number_value", "date_value", "boolean_value", "option"]


class NewContactSerializer(ModelSerializer):
    organization = PrimaryKeyRelatedField(queryset=Organization._base_manager.all(), required=False)
    field_values = NewValueSerializer(many=True, required=False)

    class Meta:
        model = Contact
        fields = ["name", "email", "organization", "field_values"]

    def create(self, given: dict[str, Any]) -> Contact:
        values = given.pop("field_values", [])
        contact = Contact.objects.create(email_key=given["email"].lower(), source="api", **given)
        for value in values:
            kind = value["field"].kind
            FieldValue.objects.create(workspace_id=contact.workspace_id, contact=contact, kind=kind, **value)
        return contact

    def to_representation(self, contact: Contact) -> Any:
        return ContactSerializer(contact).data


class Pages(CursorPagination):
    page_size = 100
    ordering = ("-created_at", "-id")


class ContactViewSet(ModelViewSet):
    authentication_classes = [TokenAuthentication]
    permission_classes = [HasToken]
    pagination_class = Pages

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with workspace(int(request.headers["X-Workspace"])):
            return super().dispatch(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        contacts = Contact.objects.for_workspace(self.request.auth.workspace)
        return contacts.select_related("organization").prefetch_related("field_values__option")

    def get_serializer_class(self) -> Any:
        return NewContactSerializer if self.action == "create" else ContactSerializer

    def perform_create(self, serializer: Any) -> None:
        serializer.save(workspace=self.request.auth.workspace)


router = SimpleRouter()
router.register("contacts", ContactViewSet, basename="contact")
urlpatterns = [path("", include(router.urls))]
